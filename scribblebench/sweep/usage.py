"""What a stretch of work took: time and memory."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import torch

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


class Usage:
    """Measures from its making on.

    Peak memory is that of the whole process, which holds the data too; where the system cannot
    begin a new peak it is the highest since the process began, and where it tells none it is
    missing.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        with contextlib.suppress(OSError):
            RESET.write_text("5", encoding="ascii")  # "5" begins a new peak, see man proc
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def record(self) -> dict[str, float]:
        """Return wall_s, cpu_s of all threads, and the peaks of host and GPU memory in MiB."""
        record = {
            "wall_s": round(time.monotonic() - self._wall, 3),
            "cpu_s": round(time.process_time() - self._cpu, 3),
        }
        peak = _peak_kib()
        if peak is not None:
            record["peak_memory_mib"] = round(peak / 1024, 1)
        if self._device.type == "cuda":
            used = torch.cuda.max_memory_allocated(self._device)
            record["peak_gpu_memory_mib"] = round(used / 2**20, 1)
        return record


def _peak_kib() -> int | None:
    """Return the peak resident memory of this process."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return None
