"""How SLURM's answers, the lists of its tasks and their events are read; needs no SLURM."""

import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.executors import slurm_commands
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


def test_a_task_that_slurm_starts_anew_is_at_nothing_yet(tmp_path):
    task = Task("n-0", 0, 5, ("a",), tmp_path)
    with task.events_path.open("a") as file:
        file.write('{"event": "started", "trial_id": "a"}\n')
        file.write('{"event": "broken", "error": "told to end"}\n{"event": "st')
        file.write('\n{"event": "awake"}\n')
    assert [event["event"] for event in task.events()] == ["started", "broken"]
    assert task.trial_id is None
    assert task.error is None


def test_single_tasks_are_cancelled_by_job_and_index(monkeypatch):
    said = []
    monkeypatch.setattr(slurm_commands, "call", lambda *command: said.append(command))
    slurm_commands.cancel_tasks([("12", 3), ("14", 0)])
    assert said == [("scancel", "12_3", "14_0")]


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
