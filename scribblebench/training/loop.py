"""The one training loop. What differs between methods is the function that gives the loss."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor, nn

from scribblebench.seeding import rng_for, seed_for
from scribblebench.training.augmentation import apply_transform, draw_transform
from scribblebench.training.batch import Batch, LossTerms
from scribblebench.training.device import autocast
from scribblebench.training.networks import NETWORKS
from scribblebench.training.settings import TrainingSettings
from scribblebench.types import IGNORE_LABEL, FloatArray, LabelArray

LOG_EVERY = 25
"""Steps between two rows of the history."""


OnStep = Callable[[int, int], None]
"""Called now and then with the steps done and the steps to do."""


@dataclass(frozen=True)
class TrainingData:
    """All training slices of a trial.

    Parameters
    ----------
    images : ndarray of float32, shape (N, C, S, S)
    targets : ndarray of uint8, shape (N, S, S)
        Dense labels or scribbles; `IGNORE_LABEL` where there is no label.
    n_classes : int
    """

    images: FloatArray
    targets: LabelArray
    n_classes: int


@dataclass(frozen=True)
class Trained:
    """What training leaves: the network after the last step, and its history.

    `history` has one row per `LOG_EVERY` steps: step, learning_rate, seconds since the start,
    loss, and the loss's terms by name, each averaged over these steps.
    """

    network: nn.Module
    history: list[dict[str, float]]


def train(
    data: TrainingData,
    terms: LossTerms,
    settings: TrainingSettings,
    *,
    seed: int,
    device: torch.device,
    on_step: OnStep | None = None,
) -> Trained:
    """Train a network from random weights for a fixed number of steps.

    AdamW with a one-cycle learning rate on augmented patches. The data stay on the device. The
    initial weights, the order of the slices and the augmentation come from streams of `seed`
    that depend on nothing else, so trials that differ in form, density or method share them.

    Raises
    ------
    FloatingPointError
        If the loss becomes NaN or infinite; found when the history is written.
    """
    network = initial_network(data, settings, seed=seed).to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # stubs lack it
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=settings.learning_rate, total_steps=settings.steps
    )
    history: list[dict[str, float]] = []
    sums: dict[str, Tensor] = {}
    start = time.monotonic()
    network.train()
    for step, batch in enumerate(batches(data, settings, seed=seed, device=device), start=1):
        learning_rate = float(schedule.get_last_lr()[0])
        with autocast(device, settings.precision):
            named = terms(network, batch)
        loss = torch.stack(list(named.values())).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
        optimiser.step()
        schedule.step()
        for name, value in {"loss": loss, **named}.items():
            sums[name] = sums.get(name, torch.zeros_like(value)) + value.detach()
        if step % LOG_EVERY == 0 or step == settings.steps:
            n = step % LOG_EVERY or LOG_EVERY
            row = {name: float(total) / n for name, total in sums.items()}
            if not np.isfinite(row["loss"]):
                raise FloatingPointError(f"the loss is {row['loss']} in the {n} steps up to {step}")
            seconds = time.monotonic() - start
            head = {"step": step, "learning_rate": learning_rate, "seconds": seconds}
            history.append({**head, **row})
            sums = {}
            if on_step is not None:
                on_step(step, settings.steps)
    return Trained(network=network, history=history)


def initial_network(data: TrainingData, settings: TrainingSettings, *, seed: int) -> nn.Module:
    """Build the network with weights from the stream (seed, "weights"), leaving torch's own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(seed, "weights"))
        return NETWORKS[settings.network](
            in_channels=data.images.shape[1], n_classes=data.n_classes, width=settings.width
        )


def batches(
    data: TrainingData, settings: TrainingSettings, *, seed: int, device: torch.device
) -> Iterator[Batch]:
    """Yield `settings.steps` augmented batches; every slice once before any slice again."""
    images = torch.from_numpy(data.images).to(device)
    targets = torch.from_numpy(data.targets).to(device)
    drawing = Generator().manual_seed(seed_for(seed, "augmentation"))
    noise = Generator(device).manual_seed(seed_for(seed, "noise"))
    order = _endless_order(len(images), rng_for(seed, "order"))
    for _ in range(settings.steps):
        chosen = torch.tensor([next(order) for _ in range(settings.batch_size)], device=device)
        transform = draw_transform(len(chosen), settings.augmentation, generator=drawing)
        x, y = apply_transform(
            images[chosen],
            targets[chosen],
            transform,
            patch=settings.patch,
            ignore_label=IGNORE_LABEL,
            generator=noise,
        )
        x = x.contiguous(memory_format=torch.channels_last)
        yield Batch(images=x, targets=y)


def _endless_order(n: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield indices below `n`: one random permutation after the other."""
    while True:
        yield from rng.permutation(n).tolist()
