"""What a results folder can do without."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from scribblebench.io.atomic import WriteError
from scribblebench.sweep.attempts import Owner
from scribblebench.sweep.job import ENDED, OWNER
from scribblebench.sweep.processes import process_birth, this_machine
from scribblebench.sweep.states import seen_once
from scribblebench.sweep.store import Store


def dispensable(
    store: Store, *, failed: bool = False, unplanned: bool = False
) -> Iterator[tuple[Path, str]]:
    """Yield files and folders that nobody needs any more, and why.

    Those are, of finished trials: attempts, checkpoints and predictions that were not to be kept;
    folders of runs whose command has ended, or is dead on this machine; files that were being
    written when a process died. Nothing of a trial that somebody runs is touched. Each is looked at
    when it is yielded, so remove it at once.

    Parameters
    ----------
    store : Store
    failed : bool
        Also the attempts of failed trials, which makes them trials to do.
    unplanned : bool
        Also finished trials that the plan does not ask for.

    Raises
    ------
    InputError
        If there is no plan, or a file cannot be read.
    """
    plan = store.read_plan()
    busy = set()
    for folder in sorted((store.root / "trials").glob("*/")):
        trial_id = folder.name
        state = seen_once(store, trial_id)
        if state.name == "running":
            owner = state.attempt.owner() if state.attempt else None
            busy.add(owner.run if owner else "")
            continue
        yield from ((path, "half-written") for path in sorted(folder.glob(".*.tmp.*")))
        if trial_id not in plan.trials and unplanned:
            yield folder, "of an earlier plan"
        elif state.name == "finished":
            kept = store.read_result(trial_id).get("predictions_kept", False)
            for name in ("attempts", "checkpoint.pt", *([] if kept else ["predictions.npz"])):
                if (folder / name).exists():
                    yield folder / name, "of a finished trial"
        elif state.name == "failed" and failed:
            yield folder / "attempts", "of a failed trial"
    for folder in sorted((store.root / "runs").glob("*/")):
        if folder.name not in busy and _has_ended(folder):
            yield folder, "of a run that has ended"


def _has_ended(run: Path) -> bool:
    """Return whether a run's command is known to be over, and has left no jobs in a queue."""
    if (run / ENDED).exists():
        return True
    try:
        owner = Owner(**json.loads((run / OWNER).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return False
    is_dead = owner.machine == this_machine() and process_birth(owner.pid) != owner.birth
    return is_dead and not any(run.glob("array-*.txt"))


def remove(path: Path) -> int:
    """Delete a file or a folder; return the bytes that it held.

    Raises
    ------
    WriteError
        If it cannot be deleted.
    """
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    size = 0
    for file in files:
        with contextlib.suppress(OSError):
            size += file.stat().st_size
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(f"{path}: cannot be deleted ({error.strerror or error})") from error
    return size
