"""The course of a training run: its losses, and its class ratios."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

LOG_EVERY = 25
"""Steps between two rows of the losses."""

Row = dict[str, float]


class History:
    """Averages what the steps report, without asking the device before a row is due.

    Parameters
    ----------
    steps_per_epoch : int
        Steps between two groups of ratio rows.
    """

    def __init__(self, steps_per_epoch: int) -> None:
        self.losses: list[Row] = []
        self.ratios: list[dict[str, Any]] = []
        self._steps_per_epoch = steps_per_epoch
        self._sums: dict[str, Tensor] = {}
        self._norms: Tensor | None = None
        self._n = 0
        self._ratio_sums: dict[str, Tensor] = {}
        self._ratio_counts: dict[str, int] = {}

    def add(
        self, terms: dict[str, Tensor], ratios: dict[str, Tensor], gradient_norm: Tensor
    ) -> None:
        """Take the terms and the ratios of a step, and the norm of its gradient."""
        norm = gradient_norm.detach()
        self._norms = norm if self._norms is None else self._norms + norm
        for name, value in terms.items():
            sum_so_far = self._sums.get(name)
            value = value.detach()
            self._sums[name] = value if sum_so_far is None else sum_so_far + value
        self._n += 1
        for name, value in ratios.items():
            sum_so_far = self._ratio_sums.get(name)
            self._ratio_sums[name] = value if sum_so_far is None else sum_so_far + value
            self._ratio_counts[name] = self._ratio_counts.get(name, 0) + 1

    def write_losses(self, step: int, learning_rate: float, seconds: float) -> None:
        """Close a row with the averages since the last one.

        Raises
        ------
        FloatingPointError
            If a term or the gradient is NaN or infinite.
        """
        assert self._norms is not None, "a row holds a step at least"
        row = {name: float(total) / self._n for name, total in self._sums.items()}
        for name, value in row.items():
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"the loss's term '{name}' is {value} in the {self._n} steps up to {step}"
                )
        norm = float(self._norms) / self._n
        if not math.isfinite(norm):
            raise FloatingPointError(f"the gradient is {norm} in the {self._n} steps up to {step}")
        head = {"step": step, "learning_rate": learning_rate, "seconds": round(seconds, 2)}
        self.losses.append({**head, "gradient_norm": norm, "loss": sum(row.values()), **row})
        self._sums, self._norms, self._n = {}, None, 0

    def epoch_ends(self, step: int) -> bool:
        """Return whether an epoch ends with `step` (counted from 1)."""
        return step % self._steps_per_epoch == 0

    def write_ratios(self, step: int) -> None:
        """Close an epoch, whole or not: a row a class with the averages since the last one."""
        means = {
            name: (total / self._ratio_counts[name]).tolist()
            for name, total in self._ratio_sums.items()
        }
        self._ratio_sums, self._ratio_counts = {}, {}
        if not means:
            return
        epoch = -(-step // self._steps_per_epoch)
        n_classes = len(next(iter(means.values())))
        for class_id in range(n_classes):
            values = {name: means[name][class_id] for name in sorted(means)}
            self.ratios.append({"epoch": epoch, "step": step, "class_id": class_id, **values})

    def state(self) -> dict[str, Any]:
        """Return everything, for a checkpoint."""
        return {
            "losses": self.losses,
            "ratios": self.ratios,
            "sums": self._sums,
            "norms": self._norms,
            "n": self._n,
            "ratio_sums": self._ratio_sums,
            "ratio_counts": self._ratio_counts,
        }

    def load(self, state: dict[str, Any], device: torch.device) -> None:
        """Take up a state."""
        self.losses = state["losses"]
        self.ratios = state["ratios"]
        self._sums = {name: t.to(device) for name, t in state["sums"].items()}
        self._norms = None if state["norms"] is None else state["norms"].to(device)
        self._n = state["n"]
        self._ratio_sums = {name: t.to(device) for name, t in state["ratio_sums"].items()}
        self._ratio_counts = state["ratio_counts"]
