"""status, logs, export, clean and dry runs, as they are typed."""

from dataclasses import replace

import pandas as pd
import pytest

from scribblebench.sweep.attempts import Owner, heartbeat_line
from scribblebench.sweep.forecast import forecast
from scribblebench.sweep.planning import reopen_sweep
from scribblebench.sweep.store import Store


@pytest.fixture
def swept(tiny, write_protocol, tmp_path, scribblebench):
    """Return the folder of a finished sweep, and its protocol."""
    path, output = write_protocol(tiny), tmp_path / "out"
    assert scribblebench("sweep", "--protocol", path, "--output", output).code == 0
    return output, path


def one_id(output):
    return min(p.parent.name for p in output.glob("trials/*/result.json"))


def test_status_counts_what_is_finished_and_what_is_left(swept, scribblebench):
    output, _ = swept
    assert scribblebench("status", output).out.strip() == "tiny: 3 trials: 3 finished"
    path = output / "trials" / one_id(output) / "result.json"
    path.unlink()
    shown = scribblebench("status", output).out
    assert shown.startswith("tiny: 3 trials: 2 finished, 1 to do")


def test_logs_are_found_by_the_beginning_of_an_id(swept, scribblebench):
    output, _ = swept
    trial_id = one_id(output)
    shown = scribblebench("logs", output, trial_id[:5]).out
    assert shown.startswith(f"{trial_id}: ")
    assert "attempt 1: worker 0 of run" in shown
    assert "step 2 of 2" in shown
    assert "finished, mean Dice" in shown
    ended = scribblebench("logs", output, "zzz")
    assert ended.code == 2
    assert "trial 'zzz': there is none." in ended.err
    ended = scribblebench("logs", output, trial_id, "--attempt", 7)
    assert f"--attempt: trial '{trial_id}' has no attempt 7" in ended.err


def test_the_log_of_a_killed_attempt_ends_with_what_its_worker_wrote(swept, scribblebench):
    output, _ = swept
    store, trial_id = Store(output), one_id(output)
    (output / "trials" / trial_id / "result.json").unlink()
    owner = replace(Owner.this_process("run", 3), birth="1")
    attempts = store.attempts(trial_id)
    attempts.claim(owner, attempts.last())
    path = store.worker_log("run", 3)
    path.parent.mkdir()
    path.write_text("\n".join(["early", *map(str, range(20)), "out of memory: killed"]))
    shown = scribblebench("logs", output, trial_id).out
    assert f"end of {path}:" in shown
    assert shown.endswith("19\nout of memory: killed\n")
    assert "early" not in shown


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_export_writes_every_row_with_what_its_trial_took(swept, scribblebench, tmp_path, suffix):
    output, _ = swept
    path = tmp_path / f"all.{suffix}"
    assert "18 rows of 3 trials" in scribblebench("export", "rows", output, "--output", path).out
    table = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    assert len(table) == 18
    assert {"dsc", "trial_id", "variant", "wall_s", "peak_memory_mib", "commit"} <= set(table)
    assert (table["wall_s"] > 0).all()
    assert not [name for name in table if name.endswith(("_x", "_y"))]


def test_export_to_an_unknown_kind_of_file_is_refused(swept, scribblebench):
    ended = scribblebench("export", "rows", swept[0], "--output", "all.xlsx")
    assert (ended.code, "must end in .csv or .parquet" in ended.err) == (2, True)


def test_clean_takes_away_what_no_result_needs(swept, scribblebench):
    output, path = swept
    results = {p: p.read_bytes() for p in output.glob("trials/*/r*.*")}
    assert "4 would go" in scribblebench("clean", output, "--dry-run").out
    assert len(list(output.glob("trials/*/attempts"))) == 3
    assert "4 removed" in scribblebench("clean", output).out
    assert not list(output.glob("trials/*/attempts"))
    assert not list(output.glob("runs/*"))
    assert {p: p.read_bytes() for p in output.glob("trials/*/r*.*")} == results
    again = scribblebench("sweep", "--protocol", path, "--output", output)
    assert "3 were finished, 0 finished now" in again.out


def test_a_dry_run_writes_nothing_and_knows_times_only_from_finished_trials_or_a_pilot(
    tiny, write_protocol, tmp_path, scribblebench
):
    path, output = write_protocol(tiny), tmp_path / "out"
    sweep = ("sweep", "--protocol", path, "--output", output)
    shown = scribblebench(*sweep, "--dry-run").out
    assert "3 trials, 0 finished" in shown
    assert "how long that takes is not known" in shown
    assert not output.exists()
    shown = scribblebench(*sweep, "--dry-run", "--pilot").out
    assert "one after the other" in shown
    assert not output.exists()
    scribblebench(*sweep, "--only", "form=random_walk")
    shown = scribblebench(*sweep, "--dry-run").out
    assert "3 trials, 2 finished" in shown
    scribblebench(*sweep)
    shown = scribblebench(*sweep, "--dry-run").out
    assert "3 trials, 3 finished" in shown
    assert "0 to run" in shown


def test_a_dry_run_leaves_out_what_failed_and_counts_what_was_begun_in_part(swept, scribblebench):
    output, path = swept
    sweep = ("sweep", "--protocol", path, "--output", output, "--dry-run")
    store = Store(output)
    first, second, _ = store.read_plan().trials
    for trial_id, owner in ((first, "gone"), (second, "failed")):
        (output / "trials" / trial_id / "result.json").unlink()
        attempts = store.attempts(trial_id)
        attempt = attempts.claim(replace(Owner.this_process(owner, 0), birth="1"), attempts.last())
        (attempt.folder / "heartbeat").write_text(heartbeat_line(1, 1, 4))
    attempt.end("failed", fault="trial", error="no")
    shown = scribblebench(*sweep).out
    assert "1 finished" in shown
    assert "1 to run, 1 failed (--retry-failed tries them again)" in shown
    assert "2 to run" in scribblebench(*sweep, "--retry-failed").out
    planned = reopen_sweep(output)
    assert sum(cell.shares_left for cell in forecast(planned, list(planned.plan.trials))) == 0.75


def test_only_runs_a_part_and_says_so(tiny, write_protocol, tmp_path, scribblebench):
    path, output = write_protocol(tiny), tmp_path / "out"
    ended = scribblebench("sweep", "--protocol", path, "--output", output, "--only", "density=0.5")
    assert "1 trial: 0 were finished, 1 finished now" in ended.out
    assert "2 to do" in scribblebench("status", output).out


def test_the_folder_of_another_protocol_is_not_taken(swept, tiny, write_protocol, scribblebench):
    output, _ = swept
    other = write_protocol(tiny | {"name": "other"}, "other.yaml")
    ended = scribblebench("sweep", "--protocol", other, "--output", output)
    assert ended.code == 2
    assert "holds results of protocol 'tiny', not of 'other'; give another --output" in ended.err
    assert "name: tiny" in (output / "protocol.yaml").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--pilot",), "--pilot: goes with --dry-run"),
        (("--budget", "1h", "--stop-after", "3"), "--budget: also says when to end"),
        (("--budget", "soon"), "--budget: must be a duration such as 12h"),
        (("--workers", "0"), "--workers: must be at least 1, got 0"),
        (("--threads", "0"), "--threads: must be at least 1, got 0"),
        (("--ray-address", "auto"), "--ray-address: goes with --executor ray"),
        (("--per-gpu", "2", "--device", "cpu"), "--per-gpu: the trials would run on cpu"),
        (("--per-gpu", "2", "--executor", "slurm"), "--per-gpu: goes with --executor local and"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tiny, write_protocol, tmp_path, scribblebench, options, message
):
    ended = scribblebench(
        "sweep", "--protocol", write_protocol(tiny), "--output", tmp_path / "out", *options
    )
    assert (ended.code, message in ended.err) == (2, True), ended.err


def test_a_file_is_no_folder_for_results(tiny, write_protocol, tmp_path, scribblebench):
    path = write_protocol(tiny)
    ended = scribblebench("sweep", "--protocol", path, "--output", path)
    assert ended.code == 2
    assert ended.err == f"error: --output: must be a folder, got the file {path}\n"


@pytest.mark.parametrize("command", ["status", "clean", "run-trial"])
def test_a_folder_without_a_plan_is_refused(command, tmp_path, scribblebench):
    ended = scribblebench(command, tmp_path)
    assert ended.code == 2
    assert "is not a results folder (it has no plan.json)" in ended.err
