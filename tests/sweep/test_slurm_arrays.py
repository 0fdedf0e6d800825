"""How tasks are submitted and what each executes, with a cluster that takes so many."""

import subprocess
import sys

import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.executors import slurm_arrays
from scribblebench.sweep.executors.slurm_arrays import Arrays
from scribblebench.sweep.executors.slurm_commands import SilentError, SlurmError, parse_indices
from scribblebench.sweep.executors.slurm_script import write_left


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
        given = {"options": (), "threads": 1, "limit": None, "max_array": 1000}
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
    arrays(Cluster(room=100), threads=3).submit(
        [("a", "b"), ("c", "d")], after=None, is_waiting=False
    )
    folder = tmp_path / "r-1"
    if left_s is not None:
        write_left(folder, left_s)
    stop = {None: "", 90.0: "--stop-after 1.50 ", -5.0: "--stop-after 0.00 "}[left_s]
    for index, ids in enumerate(["a b", "c d"]):
        environment = {"PATH": "/bin:/usr/bin", "SLURM_ARRAY_TASK_ID": str(index)}
        subprocess.run(["sh", folder / "job.sh", "0"], env=environment, check=True)
        awake, said = (folder / f"worker-{index}.out").read_text().split("\n", 2)[1:]
        assert awake == '{"event": "awake"}'
        expected = f"run-trial {tmp_path} --run r-1 --device cpu --worker {index} {stop}{ids}\n"
        assert said == f"3 -m scribblebench {expected}"
        assert (folder / f"worker-{index}.log").read_text() == ""
    environment["SLURM_ARRAY_TASK_ID"] = "2"
    ended = subprocess.run(["sh", folder / "job.sh", "0"], env=environment, check=False)
    assert ended.returncode == 2
