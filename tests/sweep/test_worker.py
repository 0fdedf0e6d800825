"""Which trials a worker takes, and what becomes of those that fail."""

import json
import time
from dataclasses import asdict, replace

import pandas as pd
import pytest
import torch
from sweeping import Recorder, sweep

from scribblebench.io.atomic import write_json
from scribblebench.sweep import execution, states, trial, worker
from scribblebench.sweep.attempts import Attempts, Owner, Watch
from scribblebench.sweep.cleaning import dispensable
from scribblebench.sweep.index import COLUMNS, finished_trials
from scribblebench.sweep.job import Job, Order
from scribblebench.sweep.overview import overview
from scribblebench.sweep.store import Store
from scribblebench.training import loop
from scribblebench.training.stop import Stop


@pytest.fixture
def protocol(tiny, write_protocol):
    return write_protocol(tiny)


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes trials of density 0.5 raise an error, n times."""
    whole = execution.run_trial

    def install(error, times=10**9):
        left = [times]

        def run(config, *arguments, **options):
            if config.density == 0.5 and left[0]:
                left[0] -= 1
                raise error
            return whole(config, *arguments, **options)

        monkeypatch.setattr(execution, "run_trial", run)

    return install


def half(output, seed=0):
    """Return the store and the id of the trial of density 0.5."""
    store = Store(output)
    trials = store.read_plan().trials
    (trial_id,) = [i for i, c in trials.items() if (c.density, c.seed) == (0.5, seed)]
    return store, trial_id


def test_a_trial_that_fails_by_itself_is_not_tried_twice(protocol, tmp_path, failing):
    failing(ValueError("no"))
    summary, _ = sweep(protocol, tmp_path / "out")
    assert (summary.finished, summary.failed) == (2, 1)
    store, trial_id = half(tmp_path / "out")
    assert len(store.attempts(trial_id).all()) == 1
    assert store.read_failure(trial_id).fault == "trial"


@pytest.mark.parametrize("error", [MemoryError(), execution.OUT_OF_MEMORY[1]("CUDA out of memory")])
def test_a_trial_that_found_no_memory_is_tried_again(protocol, tmp_path, failing, error):
    failing(error, times=2)
    summary, events = sweep(protocol, tmp_path / "out")
    assert (summary.finished, summary.failed) == (3, 0)
    store, trial_id = half(tmp_path / "out")
    states_ = [a.status().state for a in store.attempts(trial_id).all()]
    assert states_ == ["failed", "failed", "finished"]
    assert [e[0] for e in events].count("put back") == 2
    assert store.read_result(trial_id)["attempt"] == 3


def test_a_trial_that_found_no_memory_lets_others_go_first(protocol, tmp_path, failing):
    failing(MemoryError(), times=1)
    _, events = sweep(protocol, tmp_path / "out")
    store, trial_id = half(tmp_path / "out")
    label = store.read_plan().trials[trial_id].label()
    begun = [e[1] for e in events if e[0] == "start"]
    assert len(begun) == 4
    assert begun.index(label) == 1
    assert begun[-1] == label


def test_a_trial_that_never_finds_memory_is_given_up_after_three_tries(protocol, tmp_path, failing):
    failing(MemoryError("too large"))
    summary, events = sweep(protocol, tmp_path / "out")
    assert (summary.finished, summary.failed) == (2, 1)
    store, trial_id = half(tmp_path / "out")
    assert len(store.attempts(trial_id).all()) == 3
    assert [e[2] for e in events if e[0] == "fail"] == ["MemoryError: too large"]
    # The next run tries again without being asked: the trial was not at fault.
    failing(MemoryError(), times=0)
    assert sweep(protocol, tmp_path / "out")[0].finished == 1


def test_attempts_that_were_stopped_are_no_tries(protocol, tmp_path):
    """Stopped twice and lost once, all in one run, as with a time limit: it is tried again."""
    output = tmp_path / "out"
    sweep(protocol, output)
    store, trial_id = half(output)
    (store.trial_folder(trial_id) / "result.json").unlink()
    dead = replace(Owner.this_process("run", 0), birth="1")
    attempts = store.attempts(trial_id)
    for state in ("stopped", "stopped", None):
        attempt = attempts.claim(dead, attempts.last())
        if state:
            attempt.end(state)
    job = Job(store, store.read_plan(), Order("run", (trial_id,)), None)
    taker = worker.Worker(
        job, number=1, device=torch.device("cpu"), stop=Stop(), watcher=Recorder()
    )
    assert taker._is_free(trial_id, states.state_of(store, trial_id, Watch()))
    for _ in range(2):
        attempts.claim(dead, attempts.last())
    assert not taker._is_free(trial_id, states.state_of(store, trial_id, Watch()))
    assert "3 times" in store.read_failure(trial_id).error


def test_a_trial_that_another_machine_runs_is_waited_for_and_taken_over_when_silent(
    protocol, tmp_path, monkeypatch
):
    output = tmp_path / "out"
    sweep(protocol, output)
    store, trial_id = half(output)
    (store.trial_folder(trial_id) / "result.json").unlink()
    other = replace(Owner.this_process("other", 0), machine="elsewhere", host="elsewhere")
    attempts = store.attempts(trial_id)
    attempts.claim(other, attempts.last())
    monkeypatch.setattr(worker, "POLL_S", 0.05)
    monkeypatch.setattr(worker, "Watch", lambda: Watch(lease_s=1.0))
    summary, events = sweep(protocol, output)
    assert summary.finished == 1
    assert [e[0] for e in events] == ["sweep", "start", "finish"]
    assert [a.owner().host == "elsewhere" for a in attempts.all()] == [False, True, False]


def test_a_crash_in_scoring_costs_no_training(protocol, tmp_path, monkeypatch):
    def crash(*arguments, **options):
        raise RuntimeError("scoring")

    with monkeypatch.context() as patch:
        patch.setattr(trial, "score_cases", crash)
        summary, _ = sweep(protocol, tmp_path / "out")
        assert summary.failed == 3
    assert len(list((tmp_path / "out").glob("trials/*/predictions.npz"))) == 3
    steps = []
    advance = loop.Run.advance
    monkeypatch.setattr(loop.Run, "advance", lambda self: steps.append(0) or advance(self))
    monkeypatch.setattr(trial, "predict_cases", crash)
    summary, _ = sweep(protocol, tmp_path / "out", retry_failed=True)
    assert (summary.finished, steps) == (3, [])
    sweep(protocol, tmp_path / "calm")
    for trial_id in Store(tmp_path / "calm").finished_ids():
        rows = [Store(tmp_path / n).read_rows(trial_id) for n in ("out", "calm")]
        pd.testing.assert_frame_equal(*rows)
    assert not list((tmp_path / "out").glob("trials/*/*.npz.*"))
    assert not list((tmp_path / "out").glob("trials/*/predictions.npz"))


def test_predictions_are_kept_where_that_is_asked_for(protocol, tmp_path):
    sweep(protocol, tmp_path / "out", keep_predictions=True)
    assert len(list((tmp_path / "out").glob("trials/*/predictions.npz"))) == 3


def test_nothing_begins_after_somebody_asked_for_the_end(protocol, tmp_path):
    stop = Stop()
    stop.ask("interrupted")
    summary, events = sweep(protocol, tmp_path / "out", stop=stop)
    assert (summary.left, summary.stopped) == (3, "interrupted")
    assert events == [("sweep", 3, 0)]


def test_of_two_failures_the_sweep_waits_for_as_many_as_it_may(protocol, tmp_path, failing):
    failing(ValueError("no"))
    summary, _ = sweep(protocol, tmp_path / "out", max_failures=1)
    assert (summary.finished, summary.failed, summary.left) == (1, 1, 1)
    assert summary.stopped == "1 failed"


def test_within_a_budget_only_trials_begin_that_are_expected_to_finish(
    tiny, write_protocol, tmp_path
):
    """One of two full trials is finished and said to have taken hours; the other is left.

    The trial before it is begun in any case, as each run must get somewhere.
    """
    tiny["seeds"], output = [0, 1], tmp_path / "out"
    sweep(write_protocol(tiny), output)
    store = Store(output)
    dense = [i for i, c in store.read_plan().trials.items() if c.form == "dense"]
    path = store.trial_folder(dense[0]) / "result.json"
    result = json.loads(path.read_text())
    result["timing"]["wall_s"] = 1e5
    path.write_text(json.dumps(result))
    for trial_id in (half(output, seed=0)[1], dense[1]):
        (store.trial_folder(trial_id) / "result.json").unlink()
    stop = Stop(time.monotonic() + 1e4)
    summary, _ = sweep(write_protocol(tiny), output, stop=stop, whole_trials=True)
    assert (summary.finished, summary.left) == (1, 1)
    assert not store.is_finished(dense[1])


@pytest.mark.parametrize(
    ("error", "infrastructure", "device"),
    [
        (ValueError("no"), False, False),
        (FloatingPointError("the loss is nan"), False, False),
        (RuntimeError("shapes do not fit"), False, False),
        (MemoryError(), True, False),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True, False),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), True, True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), True, True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"), True, False),
    ],
)
def test_faults_of_the_machine_are_told_from_those_of_the_trial(error, infrastructure, device):
    assert execution.is_infrastructure(error) == infrastructure
    assert execution.is_device_fault(error) == device


def test_two_runs_that_lose_a_trial_in_turn_give_it_up_after_three_tries_each(protocol, tmp_path):
    output = tmp_path / "out"
    sweep(protocol, output)
    store, trial_id = half(output)
    (store.trial_folder(trial_id) / "result.json").unlink()
    attempts = store.attempts(trial_id)
    takers = {}
    for run in ("a", "b"):
        job = Job(store, store.read_plan(), Order(run, (trial_id,)), None)
        takers[run] = worker.Worker(
            job, number=1, device=torch.device("cpu"), stop=Stop(), watcher=Recorder()
        )
    tries = 0
    for run in ["a", "b"] * 20:
        if takers[run]._is_free(trial_id, states.state_of(store, trial_id, Watch())):
            dead = replace(Owner.this_process(run, 1), birth="1")
            attempts.claim(dead, attempts.last())
            tries += 1
    assert tries == 6


def test_a_worker_whose_trial_was_taken_over_discards_its_work(protocol, tmp_path, monkeypatch):
    whole = execution.run_trial

    def overtaken(config, data, *, trial_id, **options):
        outcome = whole(config, data, trial_id=trial_id, **options)
        attempts = Store(tmp_path / "out").attempts(trial_id)
        attempts.claim(Owner.this_process("other", 0), attempts.last())
        return outcome

    monkeypatch.setattr(execution, "run_trial", overtaken)
    monkeypatch.setattr(worker.Worker, "_must_stop", lambda self: True)
    summary, events = sweep(protocol, tmp_path / "out")
    assert summary.finished == 0
    put_back = [e for e in events if e[0] == "put back"]
    assert put_back
    assert "attempt 2 has taken the trial over" in put_back[0][2]


def test_clean_leaves_the_folder_of_a_run_that_has_only_begun(protocol, tmp_path):
    output = tmp_path / "out"
    sweep(protocol, output)
    store = Store(output)
    (ended,) = (output / "runs").iterdir()
    for name, owner in (
        ("alive", Owner.this_process("alive", -1)),
        ("dead", replace(Owner.this_process("dead", -1), birth="1")),
        ("elsewhere", replace(Owner.this_process("elsewhere", -1), machine="other")),
    ):
        (output / "runs" / name).mkdir()
        write_json(output / "runs" / name / "owner.json", asdict(owner))
    gone = {path.name for path, _ in dispensable(store) if path.parent.name == "runs"}
    assert gone == {ended.name, "dead"}


def test_clean_keeps_predictions_that_were_to_be_kept(protocol, tmp_path):
    sweep(protocol, tmp_path / "out", keep_predictions=True)
    names = {path.name for path, _ in dispensable(Store(tmp_path / "out"))}
    assert "attempts" in names
    assert "predictions.npz" not in names


def test_a_result_is_never_replaced(protocol, tmp_path):
    sweep(protocol, tmp_path / "out")
    store, trial_id = half(tmp_path / "out")
    config = store.read_plan().trials[trial_id]
    before = (store.trial_folder(trial_id) / "result.json").read_bytes()
    written = store.write_trial(
        trial_id, config, rows=[], history=[], ratios=[], samples=None, result={}
    )
    assert not written
    assert (store.trial_folder(trial_id) / "result.json").read_bytes() == before


def test_provenance_of_a_result_says_what_it_took_and_what_made_it(protocol, tmp_path):
    sweep(protocol, tmp_path / "out")
    store, trial_id = half(tmp_path / "out")
    result = store.read_result(trial_id)
    assert set(result["usage"]) == {"wall_s", "cpu_s", "peak_memory_mib"}
    assert 50 < result["usage"]["peak_memory_mib"] < 20_000
    assert result["usage"]["cpu_s"] > 0
    assert len(result["provenance"]["source"]) == 16
    assert {"commit", "packages", "processor", "cuda", "driver"} <= set(result["provenance"])
    assert result["data_fingerprint"] == store.read_plan().data_fingerprint
    config = json.loads((store.trial_folder(trial_id) / "config.json").read_text())
    assert config["training"]["steps"] == 2


def test_the_index_follows_the_files(protocol, tmp_path):
    sweep(protocol, tmp_path / "out")
    store, trial_id = half(tmp_path / "out")
    table = finished_trials(store)
    assert set(table.index) == store.finished_ids()
    assert tuple(table.reset_index().columns) == COLUMNS
    stamp = (store.root / "index.parquet").stat().st_mtime_ns
    assert finished_trials(store).equals(table)
    assert (store.root / "index.parquet").stat().st_mtime_ns == stamp
    (store.trial_folder(trial_id) / "result.json").unlink()
    assert trial_id not in finished_trials(store).index
    (store.root / "index.parquet").write_bytes(b"damaged")
    assert set(finished_trials(store).index) == store.finished_ids()


def test_an_overview_tells_every_state(tiny, write_protocol, tmp_path, failing):
    tiny["seeds"] = [0, 1]
    failing(ValueError("no"))
    output = tmp_path / "out"
    sweep(write_protocol(tiny), output)
    store = Store(output)
    finished = [i for i in store.read_plan().trials if store.is_finished(i)]
    for trial_id in finished[:3]:
        (store.trial_folder(trial_id) / "result.json").unlink()
    mine = Owner.this_process("run", 0)
    dead = replace(mine, birth="1")
    for trial_id, owner in zip(finished, (mine, dead), strict=False):
        attempts = Attempts(store.trial_folder(trial_id))
        attempts.claim(owner, attempts.last())
    seen = overview(store)
    counts = {name: seen.count(name) for name in states.NAMES}
    assert counts == {
        "finished": 1,
        "running": 1,
        "failed": 2,
        "lost": 1,
        "stopped": 0,
        "to do": 1,
    }
    assert seen.seconds_left is None or seen.seconds_left > 0
