"""SLURM's commands: called with a time limit, and their answers read."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TIMEOUT_S = 60.0
"""What a command may take; a busy controller answers after many seconds."""
SILENT = (
    *("timed out", "unable to contact", "connect failure", "connection refused", "zero bytes"),
    *("temporarily", "try again", "slurmctld is down", "communication"),
)
"""Words of messages that say nothing about what was asked."""
LIMITS = ("limit", "invalid job array specification")
"""Words of messages after which fewer tasks, or the same later, may be accepted."""
ENDED = {
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY"),
    *("PREEMPTED", "REVOKED", "TIMEOUT"),
}
"""States of tasks that will not run again."""
QUEUE_FORMAT = "%F|%K|%T|%j"


class SlurmError(Exception):
    """SLURM refuses what it was asked, in its own words."""

    @property
    def is_limit(self) -> bool:
        """Whether less, or the same later, may be accepted."""
        return any(word in str(self).lower() for word in LIMITS)


class SilentError(SlurmError):
    """SLURM does not answer; what it was asked may have been done all the same."""


@dataclass(frozen=True)
class Entry:
    """A task of a job array that SLURM knows.

    Parameters
    ----------
    job_id : str
        Of the array.
    index : int
        Of the task in the array.
    state : str
        As SLURM calls it: PENDING, RUNNING, NODE_FAIL, ...
    name : str
        Of the array.
    """

    job_id: str
    index: int
    state: str
    name: str

    @property
    def has_ended(self) -> bool:
        """Whether it will not run again."""
        return self.state in ENDED


def call(*command: str) -> str:
    """Run a command and return what it prints.

    Raises
    ------
    SlurmError
        If it fails, with the last line of its complaint.
    SilentError
        If it gets no answer.
    """
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SilentError(f"{command[0]} timed out after {TIMEOUT_S:.0f} s") from error
    except OSError as error:
        raise SlurmError(f"{command[0]}: {error.strerror}") from error
    if ended.returncode == 0:
        return ended.stdout
    said = ended.stderr.strip() or f"{command[0]} ended with exit code {ended.returncode}"
    silent = any(word in said.lower() for word in SILENT)
    raise (SilentError if silent else SlurmError)(said.splitlines()[-1])


def max_array_size() -> int:
    """Return how many tasks an array may have."""
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", call("scontrol", "show", "config"), re.M)
    return int(found[1]) if found else 1


def submit(*arguments: str) -> str:
    """Submit a job with `sbatch` and return its id."""
    return call("sbatch", "--parsable", *arguments).strip().partition(";")[0]


def cancel(names: Iterable[str], *, pending_only: bool) -> None:
    """Cancel the tasks of arrays, by the arrays' names; those that run get SIGTERM first."""
    state = ["--state=PENDING"] if pending_only else []
    for name in names:
        call("scancel", f"--user={os.getuid()}", f"--name={name}", *state)


def cancel_tasks(tasks: Iterable[tuple[str, int]]) -> None:
    """Cancel single tasks of arrays: job id and index."""
    call("scancel", *(f"{job_id}_{index}" for job_id, index in tasks))


def queue() -> list[Entry]:
    """Return the tasks of the user's arrays that SLURM knows, some minutes after their end too.

    Asks `squeue`, and `scontrol` where that fails.
    """
    options = ("--array", "--noheader", "--states=all", f"--user={os.getuid()}")
    try:
        return parse_queue(call("squeue", *options, f"--format={QUEUE_FORMAT}"))
    except SlurmError as error:
        with contextlib.suppress(SlurmError):
            return parse_jobs(call("scontrol", "show", "jobs", "--oneliner"))
        raise error


def parse_queue(text: str) -> list[Entry]:
    """Read what `squeue` prints in `QUEUE_FORMAT`; jobs that are no arrays are left out."""
    entries = []
    for line in text.splitlines():
        job_id, indices, state, name = [*line.strip().split("|", 3), "", "", ""][:4]
        entries += [Entry(job_id, index, state, name) for index in parse_indices(indices)]
    return entries


def parse_jobs(text: str) -> list[Entry]:
    """Read what `scontrol show jobs --oneliner` prints; jobs that are no arrays are left out."""
    entries = []
    for line in text.splitlines():
        about = dict(re.findall(r"(?:^|\s)(\w+)=(\S*)", line))
        for index in parse_indices(about.get("ArrayTaskId", "")):
            job_id, state = about.get("ArrayJobId", ""), about.get("JobState", "")
            entries.append(Entry(job_id, index, state, about.get("JobName", "")))
    return entries


def parse_indices(text: str) -> list[int]:
    """Read indices of an array such as `0-3,7,10-20:5%2`; what is none gives none.

    Tasks that were cancelled before they began have none: N/A or 4294967294.
    """
    indices: list[int] = []
    for part in text.partition("%")[0].split(","):
        found = re.fullmatch(r"(\d+)(?:-(\d+)(?::(\d+))?)?", part)
        if found is None or int(found[1]) >= 2**32 - 2:
            return []
        first, last, step = int(found[1]), int(found[2] or found[1]), int(found[3] or 1)
        indices += range(first, last + 1, max(1, step))
    return indices


def accounted(tasks: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return the states of tasks (job id, index) that `sacct` knows; none where there is none."""
    if not tasks:
        return {}
    ids = ",".join(f"{job_id}_{index}" for job_id, index in tasks)
    with contextlib.suppress(SlurmError):
        columns = "--format=JobID,State"
        return parse_accounts(call("sacct", "-n", "-P", "-X", columns, f"--jobs={ids}"))
    return {}


def parse_accounts(text: str) -> dict[tuple[str, int], str]:
    """Read what `sacct` prints: `12_3|CANCELLED by 0`."""
    states = {}
    for line in text.splitlines():
        if found := re.match(r"(\d+)_(\d+)\|(\w+)", line):
            states[found[1], int(found[2])] = found[3]
    return states
