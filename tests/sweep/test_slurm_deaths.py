"""Which tasks that end before they begin a trial speak against going on."""

import json
import signal

import fake_slurm
import pytest
from fake_slurm import Run
from sweeping import sweep

from scribblebench.errors import InputError
from scribblebench.sweep import worker_process
from scribblebench.sweep.inputs import LoadedData
from scribblebench.sweep.worker_process import serve

TOLD = {"event": "broken", "error": "told to end (terminated)", "is_input": True}


@pytest.fixture
def slurm(monkeypatch):
    return fake_slurm.install(monkeypatch)


@pytest.fixture
def run(tiny, write_protocol, tmp_path, slurm):
    return Run(write_protocol(tiny), tmp_path / "out")


def end_all(run, slurm, state, *, told=False):
    """Let all tasks that are not gone run and end, and the trials be submitted again."""
    for key, before in slurm.states.items():
        if before == "PENDING":
            slurm.states[key] = state
            if told:
                run.tell(next(t.worker for k, t in tasks(run) if k == key), **TOLD)
    run.round()


def tasks(run):
    return [((t.job_id, t.index, t.name), t) for t in run.fleet._tasks.values()]


@pytest.mark.parametrize(("state", "told"), [("FAILED", False), ("TIMEOUT", False)])
def test_tasks_that_break_are_counted_together(run, slurm, state, told):
    run.round()
    end_all(run, slurm, state, told=told)
    assert run.stop.now()


def test_tasks_whose_time_is_over_before_the_data_are_read_are_counted(run, slurm):
    """SLURM says COMPLETED: they end well when they get SIGTERM, and would do so for ever."""
    run.round()
    end_all(run, slurm, "COMPLETED", told=True)
    with pytest.raises(
        InputError, match=r"begin a trial \(COMPLETED\): told to end \(terminated\)"
    ):
        run.fleet.close()


def test_tasks_that_are_preempted_are_not_counted(run, slurm):
    """They come to their turn again, and nothing is wrong with them."""
    run.round()
    for _ in range(6):
        end_all(run, slurm, "PREEMPTED")
    assert not run.stop.now()
    assert len(slurm.states) == 3 * 7


def test_tasks_that_somebody_cancels_are_counted_by_trial_only(run, slurm):
    """An array that is cancelled is replaced; who cancels whatever comes is heard."""
    run.round()
    for _ in range(3):
        end_all(run, slurm, "CANCELLED")
        assert not run.stop.now()
    end_all(run, slurm, "CANCELLED")
    with pytest.raises(InputError, match=r"begin a trial \(CANCELLED\)"):
        run.fleet.close()


def test_what_tasks_pass_over_within_a_budget_is_left_to_the_next_run(
    tiny, write_protocol, tmp_path, slurm
):
    run = Run(write_protocol(tiny), tmp_path / "out", whole_trials=True)
    run.round()
    end_all(run, slurm, "COMPLETED")
    assert len(slurm.states) == 3
    assert not run.fleet.is_at_work()
    assert not run.stop.now()


class Keep:
    """An executor that runs nothing."""

    def run(self, job, **_):
        self.job = job


@pytest.mark.parametrize("how", ["at once", "after a trial", "asked by the sweep"])
def test_a_worker_says_that_it_was_told_to_end_before_it_began(
    tiny, write_protocol, tmp_path, monkeypatch, how
):
    """It reads the data when it gets SIGTERM."""
    keep = Keep()
    sweep(write_protocol(tiny), tmp_path / "out", executor=keep)
    events, handlers = (tmp_path / "events").open("w+"), {}
    monkeypatch.setattr(worker_process, "_event_stream", lambda: events)
    monkeypatch.setattr(worker_process.faulthandler, "enable", lambda: None)
    monkeypatch.setattr(worker_process.signal, "signal", handlers.__setitem__)
    whole = LoadedData.get
    n_reads = 0

    def get(data, configs):
        nonlocal n_reads
        n_reads += 1
        if n_reads == (2 if how == "after a trial" else 1):
            if how == "asked by the sweep":
                keep.job.write_stop("enough")
            handlers[signal.SIGTERM]()
        return whole(data, configs)

    monkeypatch.setattr(LoadedData, "get", get)
    run = keep.job.order.run
    how_to = {"number": 0, "device": "cpu", "stop_after_s": None, "listen": False}
    assert serve(tmp_path / "out", run, **how_to) == 0
    events.seek(0)
    told = [json.loads(line) for line in events]
    events.close()
    if how == "at once":
        (event,) = told
        assert (event["event"], event["is_input"]) == ("broken", True)
        assert event["error"].startswith("told to end (terminated) before a trial began")
    else:
        assert "broken" not in [event["event"] for event in told]
