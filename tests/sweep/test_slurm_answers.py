"""How SLURM's answers are read and its jobs are described; needs no SLURM."""

import subprocess
import sys

import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.executors import slurm_arrays, slurm_commands
from scribblebench.sweep.executors.slurm_arrays import Arrays
from scribblebench.sweep.executors.slurm_commands import (
    Entry,
    SilentError,
    SlurmError,
    call,
    parse_accounts,
    parse_indices,
    parse_jobs,
    parse_queue,
)
from scribblebench.sweep.executors.slurm_script import (
    array_name,
    parse_name,
    read_list,
    sbatch_options,
    write_list,
)
from scribblebench.sweep.executors.slurm_tasks import Task

SQUEUE = """\
1|N/A|CANCELLED|abc
1|0|CANCELLED|abc
7|12|PENDING|a|b
9|3|RUNNING|scribblebench-20261126T042542-795bd5-0
"""
SCONTROL = """\
JobId=2 ArrayJobId=1 ArrayTaskId=0 ArrayTaskThrottle=1 JobName=abc UserId=root(0) \
JobState=RUNNING Reason=None StartTime=2026-11-26T04:19:02 Command=/tmp/j.sh 1000
JobId=1 ArrayJobId=1 ArrayTaskId=2-3%1 JobName=abc UserId=root(0) JobState=PENDING Reason=None
JobId=1 ArrayJobId=1 ArrayTaskId=4294967294 JobName=abc JobState=CANCELLED Reason=None
JobId=5 JobName=alone UserId=root(0) JobState=RUNNING Reason=None
"""


def test_squeue_is_read():
    assert parse_queue(SQUEUE) == [
        Entry("1", 0, "CANCELLED", "abc"),
        Entry("7", 12, "PENDING", "a|b"),
        Entry("9", 3, "RUNNING", "scribblebench-20261126T042542-795bd5-0"),
    ]
    assert [entry.has_ended for entry in parse_queue(SQUEUE)] == [True, False, False]
    assert parse_queue("") == []


def test_scontrol_is_read():
    assert parse_jobs(SCONTROL) == [
        Entry("1", 0, "RUNNING", "abc"),
        Entry("1", 2, "PENDING", "abc"),
        Entry("1", 3, "PENDING", "abc"),
    ]
    assert parse_jobs("No jobs in the system\n") == []


def test_sacct_is_read():
    text = "12_3|CANCELLED by 0\n12_4|OUT_OF_MEMORY\n13|COMPLETED\n"
    assert parse_accounts(text) == {("12", 3): "CANCELLED", ("12", 4): "OUT_OF_MEMORY"}


@pytest.mark.parametrize(
    ("text", "indices"),
    [("4", [4]), ("0-2,7%2", [0, 1, 2, 7]), ("10-20:5", [10, 15, 20]), ("", []), ("N/A", [])],
)
def test_indices_are_read(text, indices):
    assert parse_indices(text) == indices


def test_names_of_arrays_are_told_from_those_of_other_jobs():
    name = array_name("20261126T042542-795bd5", 12)
    assert parse_name(name) == ("20261126T042542-795bd5", 12)
    assert parse_name("bash") is None
    assert parse_name("scribblebench-12") is None
    assert parse_name("x-20261126T042542-795bd5-12") is None


def test_options_are_passed_through():
    given = ["partition=gpu", "gres=gpu:a100:1", "exclusive", "comment=a=b"]
    assert sbatch_options(given) == [f"--{option}" for option in given]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("-p gpu", r"--slurm: must be a long option of sbatch, .* got '-p gpu'"),
        ("array=0-3", "--slurm array: is set by the sweep"),
        ("cpus-per-task=4", "--slurm cpus-per-task: is set by --threads"),
    ],
)
def test_options_that_are_not_the_users_are_refused(option, message):
    with pytest.raises(InputError, match=message):
        sbatch_options([option])


def test_a_list_of_trials_is_read_as_it_was_written(tmp_path):
    tasks = [(3, ("a1", "b2")), (4, ("c3",))]
    write_list(tmp_path, 0, tasks)
    assert read_list(tmp_path, 0) == tasks
    assert read_list(tmp_path, 1) == []


def test_events_are_read_as_they_come_and_lines_cut_short_are_passed_over(tmp_path):
    task = Task("n-0", 0, 5, ("a",), tmp_path)
    assert list(task.events()) == []
    path = tmp_path / "worker-5.out"
    path.write_text('{"event": "started", "trial_id": "a"}\n{"event": "st')
    assert [event["event"] for event in task.events()] == ["started"]
    assert task.trial_id == "a"
    with path.open("a") as file:
        # It was killed there, and another worker was started in its place.
        file.write('{"event": "started", "trial_id": "a"}\n{"event": "failed", "trial_id": "a", ')
        file.write('"error": "é"}\n')
    assert [event["event"] for event in task.events()] == ["failed"]
    assert task.trial_id is None
    assert task.has_begun


def test_a_command_without_an_answer_is_told_from_one_that_is_refused(monkeypatch):
    with pytest.raises(SlurmError, match=r"^no such partition$") as refused:
        call("sh", "-c", "echo first >&2; echo no such partition >&2; exit 1")
    assert not isinstance(refused.value, SilentError)
    with pytest.raises(SilentError, match="Unable to contact slurm controller"):
        call("sh", "-c", "echo Unable to contact slurm controller >&2; exit 1")
    monkeypatch.setattr(slurm_commands, "TIMEOUT_S", 0.1)
    with pytest.raises(SilentError, match=r"^sleep timed out after"):
        call("sleep", "5")
    with pytest.raises(SlurmError, match="No such file"):
        call("/nowhere/squeue")


def test_where_squeue_fails_scontrol_is_asked(monkeypatch):
    def answer(command, *_):
        if command == "scontrol":
            return SCONTROL
        raise SlurmError("squeue is not for you")

    monkeypatch.setattr(slurm_commands, "call", answer)
    assert len(slurm_commands.queue()) == 3


class Cluster:
    """Takes so many tasks."""

    def __init__(self, room, most=1000):
        self.room, self.most, self.arrays, self.silent = room, most, [], False

    def submit(self, *arguments):
        (array,) = (a for a in arguments if a.startswith("--array="))
        n = len(parse_indices(array.removeprefix("--array=")))
        if n > self.most:
            raise SlurmError("Batch job submission failed: Invalid job array specification")
        if n > self.room:
            raise SlurmError("Job violates accounting/QOS policy (job submit limit, ...)")
        self.room -= n
        self.arrays.append([a for a in arguments if a.startswith(("--array", "--dependency"))])
        if self.silent:
            raise SilentError("Socket timed out on send/recv operation")
        return str(100 + len(self.arrays))


@pytest.fixture
def arrays(tmp_path, monkeypatch):
    """Return a function that makes arrays for a cluster."""

    class Anything:
        run, device, root, order = "r-1", "cpu", tmp_path, None

        def run_folder(self, run):
            return tmp_path / run

    job = Anything()
    job.order = job.store = job

    def make(cluster, **options):
        monkeypatch.setattr(slurm_arrays.slurm_commands, "submit", cluster.submit)
        given = {"options": (), "threads": 1, "limit": None, "max_array": 1000, "deadline": None}
        return Arrays(job, **given | options)

    return make


CHUNKS = [(str(i),) for i in range(20)]


def test_what_slurm_takes_is_submitted_and_the_rest_waits(arrays):
    cluster = Cluster(room=11)
    tasks = arrays(cluster).submit(CHUNKS, after=None, is_waiting=False)
    assert [task.trials for task in tasks] == CHUNKS[:11]
    assert [task.worker for task in tasks] == list(range(11))
    assert cluster.arrays == [["--array=0-9"], ["--array=0-0"]]


def test_with_a_limit_each_array_waits_for_the_one_before(arrays):
    cluster = Cluster(room=100, most=10)
    made = arrays(cluster, limit=4, max_array=8, options=["--dependency=afterok:3"])
    made.submit(CHUNKS, after="77", is_waiting=True)
    assert cluster.arrays == [
        ["--array=0-7%4", "--dependency=afterok:3,afterany:77"],
        ["--array=0-7%4", "--dependency=afterok:3,afterany:101"],
        ["--array=0-3%4", "--dependency=afterok:3,afterany:102"],
    ]


def test_if_nothing_is_taken_and_nothing_runs_that_is_an_error(arrays):
    made = arrays(Cluster(room=0))
    assert made.submit(CHUNKS, after=None, is_waiting=True) == []
    with pytest.raises(InputError, match=r"^sbatch: Job violates accounting/QOS policy"):
        arrays(Cluster(room=0)).submit(CHUNKS, after=None, is_waiting=False)


def test_tasks_that_slurm_may_have_taken_are_kept_in_sight(arrays):
    cluster = Cluster(room=100)
    cluster.silent = True
    made = arrays(cluster, max_array=5)
    tasks = made.submit(CHUNKS, after=None, is_waiting=False)
    assert {task.state for task in tasks} == {"UNSURE"}
    assert len(tasks) == 5  # the others wait until SLURM answers
    assert made.submit(CHUNKS, after=None, is_waiting=True) == []


@pytest.mark.parametrize("left_s", [None, 90.0, -5.0])
def test_the_script_of_a_task_runs_its_line_of_the_list(arrays, tmp_path, monkeypatch, left_s):
    """Run by a shell, with a program in place of Python that tells its arguments."""
    echo = tmp_path / "ec ho"
    echo.write_text('#!/bin/sh\necho "$OMP_NUM_THREADS" "$@"\n')
    echo.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(echo))
    monkeypatch.setattr(slurm_arrays.time, "monotonic", lambda: 1000.0)
    deadline = None if left_s is None else 1000.0 + left_s
    made = arrays(Cluster(room=100), threads=3, deadline=deadline)
    made.submit([("a", "b"), ("c", "d")], after=None, is_waiting=False)
    script = tmp_path / "r-1" / "job.sh"
    for index, ids in enumerate(["a b", "c d"]):
        environment = {"PATH": "/bin:/usr/bin", "SLURM_ARRAY_TASK_ID": str(index)}
        subprocess.run(["sh", script, "0"], env=environment, check=True)
        said = (tmp_path / "r-1" / f"worker-{index}.out").read_text()
        stop = {None: "", 90.0: "--stop-after 1.4 ", -5.0: "--stop-after 0.0 "}[left_s]
        expected = f"run-trial {tmp_path} --run r-1 --device cpu --worker {index} {stop}{ids}\n"
        assert said.replace("1.5", "1.4") == f"3 -m scribblebench {expected}"
    environment["SLURM_ARRAY_TASK_ID"] = "2"
    assert subprocess.run(["sh", script, "0"], env=environment, check=False).returncode == 2
