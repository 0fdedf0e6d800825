"""One attempt at one trial: from the claim to the result or the reason why there is none."""

from __future__ import annotations

import datetime
import math
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

from scribblebench.io.atomic import WriteError
from scribblebench.sweep.attempts import Attempt, Ending
from scribblebench.sweep.heartbeat import Heartbeat
from scribblebench.sweep.job import Job
from scribblebench.sweep.provenance import source_digest
from scribblebench.sweep.training_stage import model_of
from scribblebench.sweep.trial import Unfinished, run_trial
from scribblebench.sweep.usage import Usage
from scribblebench.training.loop import OnStep
from scribblebench.training.stop import Stop, StoppedError

OUT_OF_MEMORY = (MemoryError, torch.OutOfMemoryError)
"""Faults of the infrastructure: with other neighbours the same trial may fit."""
NO_MEMORY = ("can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""What torch's errors of no kind of their own say then."""
DEVICE_FAULTS = ("CUDA error", "cuDNN error", "CUBLAS_STATUS", "device-side assert")
"""What they say of a GPU after which a process can use it no more."""


class DeviceError(OSError):
    """The GPU has failed, and this process can do nothing more with it."""


def is_device_fault(error: Exception) -> bool:
    """Return whether the GPU is of no more use to this process."""
    if not isinstance(error, RuntimeError) or isinstance(error, OUT_OF_MEMORY):
        return False
    text = str(error)
    return any(word in text for word in DEVICE_FAULTS) and not any(w in text for w in NO_MEMORY)


def is_infrastructure(error: Exception) -> bool:
    """Return whether an error is no fault of the trial."""
    if isinstance(error, OUT_OF_MEMORY) or is_device_fault(error):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in NO_MEMORY)


@dataclass(frozen=True)
class Executed:
    """How an attempt ended; see `scribblebench.sweep.attempts.Status`."""

    state: Ending
    mean_dsc: float = float("nan")
    seconds: float = 0.0
    error: str = ""
    fault: Literal["trial", "infrastructure"] | None = None


def execute(
    job: Job,
    trial_id: str,
    attempt: Attempt,
    *,
    device: torch.device,
    origin: Mapping[str, Any],
    stop: Stop,
    on_step: OnStep,
) -> Executed:
    """Run a claimed trial and record how that ended.

    Parameters
    ----------
    job : Job
    trial_id : str
    attempt : Attempt
        Claimed by this process.
    device : torch.device
    origin : mapping
        Provenance, for the result.
    stop : Stop
    on_step : callable

    Raises
    ------
    WriteError
        If the results folder cannot be written; the trial is not at fault.
    """

    def listen() -> None:
        if reason := job.read_stop():
            stop.ask(reason)

    with Heartbeat(attempt, on_beat=listen, on_error=stop.ask) as heart:

        def step(done: int, total: int) -> None:
            heart.step(done, total)
            attempt.log(f"step {done} of {total}")
            on_step(done, total)

        try:
            ended = _finish(
                job, trial_id, attempt, device=device, origin=origin, stop=stop, on_step=step
            )
        except StoppedError as error:
            reason = f"{error}: {stop.reason}" if stop.reason else str(error)
            attempt.log(reason)
            attempt.end("stopped", error=reason)
            return Executed("stopped", error=reason)
        except WriteError as error:
            attempt.log(str(error))
            raise
        except Exception as error:
            fault: Literal["trial", "infrastructure"] = (
                "infrastructure" if is_infrastructure(error) else "trial"
            )
            message = " ".join(f"{type(error).__name__}: {error}".split())
            text = traceback.format_exc()
            attempt.log(text)
            attempt.end("failed", fault=fault, error=message, traceback=text)
            if is_device_fault(error):
                raise DeviceError(f"{device}: {message}") from error
            if device.type == "cuda":
                torch.cuda.empty_cache()
            return Executed("failed", error=message, fault=fault)
        attempt.log(f"finished, mean Dice {ended.mean_dsc:.4f}, {ended.seconds:.1f} s")
        attempt.end("finished")
        return ended


def _finish(
    job: Job,
    trial_id: str,
    attempt: Attempt,
    *,
    device: torch.device,
    origin: Mapping[str, Any],
    stop: Stop,
    on_step: OnStep,
) -> Executed:
    """Run a trial to its end and write its result."""
    config = job.plan.trials[trial_id]
    folder = job.store.trial_folder(trial_id)
    attempt.log(f"attempt {attempt.number}: {config.label()}")
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    usage = Usage(device)
    data = job.data.get([config])
    outcome = run_trial(
        config,
        data,
        trial_id=trial_id,
        protocol=job.plan.protocol,
        device=device,
        on_step=on_step,
        on_stage=attempt.log,
        unfinished=Unfinished.of(folder, f"{trial_id} {source_digest()}", stop),
    )
    result = {
        "started": started,
        "attempt": attempt.number,
        "data_fingerprint": job.plan.data_fingerprint,
        "mean_dsc": outcome.mean_dsc,
        "annotation_s": _known(outcome.effort.seconds),
        "timing": outcome.timing,
        "usage": usage.record(),
        "geometry": outcome.geometry.record() if outcome.geometry else None,
        "provenance": dict(origin),
    }
    order = job.order
    last = job.store.attempts(trial_id).last()
    if last is not None and last.number != attempt.number:
        raise StoppedError(f"attempt {last.number} has taken the trial over")
    written = job.store.write_trial(
        trial_id,
        config,
        rows=outcome.rows,
        history=outcome.history,
        ratios=outcome.ratios,
        samples=outcome.samples,
        result=result,
        model=model_of(config, data, outcome.network, result) if order.keep_models else None,
        keep_predictions=order.keep_predictions,
    )
    if not written:
        raise StoppedError("somebody else has finished the trial")
    return Executed("finished", mean_dsc=outcome.mean_dsc, seconds=outcome.timing["wall_s"])


def _known(value: float) -> float | None:
    """Return a number for JSON, which has none that is not finite."""
    return round(value, 1) if math.isfinite(value) else None
