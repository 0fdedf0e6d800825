"""What a SLURM job of a sweep is: its script, its list of trials, and options of `sbatch`.

Beside the order, the folder of a run holds

```
runs/<run>/
  executor.json           which process submits and watches the jobs
  job.sh                  the script of every task
  left                    minutes until the run has to end; brought up to date as long as the
                          process that watches it lives
  array-<n>.txt           a line for each task of an array: number of its worker, ids of its trials
  array-<n>.log           what SLURM itself says about those tasks
  worker-<k>.out, .log    what a worker tells: events, and all else
```
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from scribblebench.errors import InputError
from scribblebench.io.atomic import write_text
from scribblebench.sweep.job import Job

PREFIX = "scribblebench-"
SIGNAL = "B:TERM@60"
"""A minute before its time is over a worker is told, and saves the state of its trial."""
OURS = {
    *("array", "chdir", "clusters", "error", "job-name", "nodes", "ntasks", "open-mode", "output"),
    *("parsable", "test-only", "wait", "wrap"),
}
"""Options of `sbatch` that the executor decides about."""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")

SCRIPT = """\
#!/bin/sh
# A task of array $1: one worker for the trials on its line of the array's list.
run={run}
set -- $(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$run/array-$1.txt")
[ $# -gt 1 ] || {{ echo "no trials for task $SLURM_ARRAY_TASK_ID in $run" >&2; exit 2; }}
worker=$1; shift
exec >>"$run/worker-$worker.out" 2>>"$run/worker-$worker.log" || exit 2
printf '\\n{{"event": "awake"}}\\n'  # whatever a kill has left of the line before
export {variables}
left=$(cat "$run/left" 2>/dev/null)
[ -z "$left" ] || set -- --stop-after "$left" "$@"
exec {command} --worker "$worker" "$@"
"""


def sbatch_options(options: Sequence[str]) -> list[str]:
    """Return a user's options as `sbatch` takes them: `partition=gpu` as `--partition=gpu`.

    Raises
    ------
    InputError
        If one is not of that form, or is not the user's to set.
    """
    arguments = []
    for option in options:
        name, _, _ = option.partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
            raise InputError(
                f"--slurm: must be a long option of sbatch, such as partition=gpu, got {option!r}"
            )
        if name == "cpus-per-task":
            raise InputError("--slurm cpus-per-task: is set by --threads")
        if name in OURS:
            raise InputError(f"--slurm {name}: is set by the sweep")
        arguments.append(f"--{option}")
    return arguments


def array_name(run: str, number: int) -> str:
    """Return the name under which SLURM knows an array of a run."""
    return f"{PREFIX}{run}-{number}"


def parse_name(name: str) -> tuple[str, int] | None:
    """Return run and number of the array that has this name; None for other jobs."""
    run, _, number = name.removeprefix(PREFIX).rpartition("-")
    return (run, int(number)) if name.startswith(PREFIX) and run and number.isdigit() else None


def write_list(folder: Path, number: int, tasks: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Write the list of an array: numbers of workers and the trials of each."""
    lines = [" ".join([str(worker), *trials]) + "\n" for worker, trials in tasks]
    write_text(folder / f"array-{number}.txt", "".join(lines))


def read_list(folder: Path, number: int) -> list[tuple[int, tuple[str, ...]]]:
    """Read what `write_list` wrote; an unreadable list is empty."""
    try:
        lines = (folder / f"array-{number}.txt").read_text(encoding="utf-8").splitlines()
        return [(int(worker), tuple(ids)) for worker, *ids in map(str.split, lines)]
    except (OSError, ValueError):
        return []


def write_left(folder: Path, seconds: float) -> None:
    """Tell the tasks of a run that start from now on how long it may still take.

    A task counts from its own start, so no clocks are compared. If this is told no more, a task
    that starts later believes what was told last.
    """
    write_text(folder / "left", f"{max(0.0, seconds) / 60.0:.2f}\n")


def write_script(job: Job, *, threads: int) -> Path:
    """Write the script that every task of a run executes.

    Parameters
    ----------
    job : Job
    threads : int
        Of each worker.

    Returns
    -------
    path : Path
    """
    folder = job.store.run_folder(job.order.run).absolute()
    command = [sys.executable, "-m", "scribblebench", "run-trial", str(job.store.root.absolute())]
    command += ["--run", job.order.run, "--device", job.order.device]
    variables = dict.fromkeys(THREADS, str(threads))
    if "PYTHONPATH" in os.environ:
        variables["PYTHONPATH"] = os.environ["PYTHONPATH"]
    path = folder / "job.sh"
    write_text(
        path,
        SCRIPT.format(
            run=shlex.quote(str(folder)),
            variables=" ".join(f"{name}={shlex.quote(v)}" for name, v in variables.items()),
            command=shlex.join(command),
        ),
    )
    return path


def array_arguments(
    script: Path,
    *,
    run: str,
    number: int,
    n_tasks: int,
    limit: int | None,
    threads: int,
    after: str | None,
    options: Sequence[str],
) -> list[str]:
    """Return the arguments of `sbatch` that submit an array.

    Parameters
    ----------
    script : Path
        In the folder of the run.
    run : str
    number : int
        Of the array in its run.
    n_tasks : int
    limit : int, or None
        Tasks at the same time.
    threads : int
        CPUs of each task.
    after : str, or None
        Job that has to end before.
    options : sequence of str
        Of the user, as `sbatch_options` gives them; they replace ours.
    """
    log = script.with_name(f"array-{number}.log")
    indices = f"0-{n_tasks - 1}" + (f"%{limit}" if limit is not None else "")
    arguments = [
        f"--job-name={array_name(run, number)}",
        f"--array={indices}",
        f"--chdir={Path.cwd()}",
        f"--output={str(log).replace('%', '%%')}",
        "--open-mode=append",
        "--requeue",
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={threads}",
        f"--signal={SIGNAL}",
        *options,
    ]
    if after is not None:
        given = [o.partition("=")[2] for o in arguments if o.startswith("--dependency=")]
        arguments = [o for o in arguments if not o.startswith("--dependency=")]
        arguments.append(f"--dependency={','.join([*given, f'afterany:{after}'])}")
    return [*arguments, str(script), str(number)]
