"""What workers tell, passed on to a watcher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scribblebench.sweep.worker import Watcher


def deliver(event: Mapping[str, Any], watcher: Watcher) -> None:
    """Call the watcher for an event of `scribblebench.sweep.worker_process.EventWriter`."""
    about = {key: value for key, value in event.items() if key != "event"}
    match event["event"]:
        case "started":
            watcher.trial_started(**about)
        case "step":
            watcher.step(**about)
        case "finished":
            watcher.trial_finished(**about)
        case "failed":
            watcher.trial_failed(**about)
        case "put_back":
            watcher.trial_put_back(**about)
