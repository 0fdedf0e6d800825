"""What a results folder can do without."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from scribblebench.io.atomic import WriteError
from scribblebench.sweep.attempts import Watch
from scribblebench.sweep.states import state_of
from scribblebench.sweep.store import Store


def dispensable(
    store: Store, *, failed: bool = False, unplanned: bool = False
) -> Iterator[tuple[Path, str]]:
    """Yield files and folders that nobody needs any more, and why.

    Those are, of finished trials: attempts, checkpoints and predictions; folders of runs without a
    living worker; files that were being written when a process died. Nothing of a trial that
    somebody runs is touched.

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
    watch = Watch()
    alive = set()
    for folder in sorted((store.root / "trials").glob("*/")):
        trial_id = folder.name
        state = state_of(store, trial_id, watch)
        if state.name == "running":
            owner = state.attempt.owner() if state.attempt else None
            alive.add(owner.run if owner else "")
            continue
        yield from ((path, "half-written") for path in sorted(folder.rglob(".*.tmp*")))
        if trial_id not in plan.trials and unplanned:
            yield folder, "of an earlier plan"
        elif state.name == "finished":
            for name in ("attempts", "checkpoint.pt", "predictions.npz"):
                if (folder / name).exists():
                    yield folder / name, "of a finished trial"
        elif state.name == "failed" and failed:
            yield folder / "attempts", "of a failed trial"
    for folder in sorted((store.root / "runs").glob("*/")):
        if folder.name not in alive:
            yield folder, "of a run that has ended"


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
