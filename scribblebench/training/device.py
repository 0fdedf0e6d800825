"""Which device to compute on, and in which precision."""

from __future__ import annotations

import os
import re

import torch
from torch import Tensor

from scribblebench.errors import InputError


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; "auto" is the GPU where there is one.

    Raises
    ------
    InputError
        If the name is unknown or there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise InputError(f"device must be auto, cpu or cuda[:N], got '{name}'")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device '{name}': {torch.cuda.device_count()} CUDA devices are present")
    return device


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def computes_in_bf16(device: torch.device) -> bool:
    """Return whether the device multiplies bfloat16 natively."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        # Older versions of torch do not tell; they compute in float32.
        told = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
        return any(told.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return False


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the autocast context of a precision setting ("auto", "bf16" or "fp32")."""
    wanted = precision == "bf16" or (precision == "auto" and computes_in_bf16(device))
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted)


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Move a small tensor from the host without waiting for the device."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
