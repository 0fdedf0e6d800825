"""Where a result comes from: code, versions, hardware."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

import scribblebench
from scribblebench.training.device import available_cores, computes_in_bf16

PACKAGES = ("torch", "monai", "numpy", "scipy", "scikit-image", "pandas", "nibabel")


def provenance(device: torch.device) -> dict[str, Any]:
    """Describe the code, the versions and the hardware that produce a result.

    `source` tells one state of the package's code from every other, committed or not.
    """
    commit, dirty = code_version()
    cuda = device.type == "cuda"
    return {
        "scribblebench": scribblebench.__version__,
        "commit": commit,
        "dirty": dirty,
        "source": source_digest(),
        "python": sys.version.split()[0],
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "processor": processor_name(),
        "cores": available_cores(),
        "device": torch.cuda.get_device_name(device) if cuda else device.type,
        "cuda": torch.version.cuda if cuda else None,
        "cudnn": torch.backends.cudnn.version() if cuda else None,  # type: ignore[no-untyped-call] # stubs lack it
        "driver": gpu_driver() if cuda else None,
        "bf16": computes_in_bf16(device),
        "torch_threads": torch.get_num_threads(),
    }


def code_version() -> tuple[str | None, bool | None]:
    """Return the commit of the package's checkout and whether its code has been changed since.

    (None, None) where the package does not lie in a git checkout that tracks it.
    """
    folder = Path(scribblebench.__file__).parent
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None, None
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--", ".")
    return commit, None if changes is None else bool(changes)


@functools.cache
def source_digest() -> str:
    """Return a hash of the package's source as it lies on the disk, 16 hexadecimal digits."""
    folder = Path(scribblebench.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def gpu_driver() -> str | None:
    """Return the version of the NVIDIA driver, or None where the system does not tell it."""
    try:
        text = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"Kernel Module\s.*?(\d+(?:\.\d+)+)", text)
    return found.group(1) if found else None


def _git(folder: Path, *arguments: str) -> str | None:
    """Return the output of a git command, or None where it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def processor_name() -> str:
    """Return the processor's model name where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
