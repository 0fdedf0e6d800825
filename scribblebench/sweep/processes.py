"""Which process on which machine, in a way that no change of the clock confuses."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path


@functools.cache
def this_machine() -> str:
    """Return a name of this kernel's boot and of the process namespace; empty if not known.

    Processes with the same name see each other's process ids. Two containers of one machine, or
    one machine before and after a restart, have different names.
    """
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}-{Path('/proc/self/ns/pid').stat().st_ino}"
    return ""


def process_birth(pid: int) -> str:
    """Return when a process began, in ticks since the boot; empty if there is no such process.

    A process that has ended but was not waited for yet counts as none.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name in parentheses may hold anything; state and the rest come after its end.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]
