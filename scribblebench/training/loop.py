"""The one training loop. What differs between methods is the objective."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn

from scribblebench.seeding import seed_for
from scribblebench.training.averaging import MovingAverage
from scribblebench.training.checkpoint import Checkpoint
from scribblebench.training.data import Batches, TrainingData
from scribblebench.training.device import autocast
from scribblebench.training.history import LOG_EVERY, History, Row
from scribblebench.training.networks import NETWORKS, memory_format
from scribblebench.training.objective import Networks, Objective
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.settings import TrainingSettings
from scribblebench.training.stop import StoppedError
from scribblebench.training.two_decoders import TwoDecoders

OnStep = Callable[[int, int], None]
"""Called now and then with the steps done and the steps to do."""


@dataclass(frozen=True)
class Trained:
    """What training leaves: a network and its history.

    Parameters
    ----------
    network : nn.Module
        After the last step, or the moving average of the weights, as the settings say.
    losses : list of dict
        A row per `LOG_EVERY` steps: step, learning_rate, seconds of training, gradient_norm before
        it is clipped, loss and its weighted terms by name, averaged over these steps.
    ratios : list of dict
        A row per epoch and class: epoch, step, class_id and the class's ratio by each estimate,
        averaged over the batches of the epoch that were looked at; empty without ratios.
    seconds : float
        Of training, before an interruption too.
    """

    network: nn.Module
    losses: list[Row]
    ratios: list[dict[str, Any]]
    seconds: float


def train(
    data: TrainingData,
    objective: ObjectiveSettings,
    settings: TrainingSettings,
    *,
    seed: int,
    device: torch.device,
    on_step: OnStep | None = None,
    checkpoint: Checkpoint | None = None,
) -> Trained:
    """Train a network from random weights for a fixed number of steps.

    AdamW with a one-cycle learning rate (and momentum, the other way) on augmented patches. The
    data stay on the device. The initial weights, the order of the images and the augmentation come
    from streams of `seed` that depend on nothing else, so trials that differ in form, density or
    method share them.

    With a checkpoint, the run goes on from its file if that is there, and comes out as if it had
    never been interrupted: bit for bit on a CPU with the same number of threads.

    Raises
    ------
    FloatingPointError
        If a term of the loss becomes NaN or infinite; found when the history is written.
    StoppedError
        If the checkpoint's `stop` asked for it, after the last step too; the file holds the state.
    """
    run = Run(data, objective, settings, seed=seed, device=device)
    if checkpoint is not None and (state := checkpoint.load(device)) is not None:
        run.load(state)
    saved = time.monotonic()
    while run.step < settings.steps:
        run.advance()
        if run.step % LOG_EVERY == 0 or run.step == settings.steps:
            run.write_history()
            if on_step is not None:
                on_step(run.step, settings.steps)
        if checkpoint is None:
            continue
        must_stop = checkpoint.stop.now()
        due = time.monotonic() - saved >= checkpoint.every_s or run.step == settings.steps
        if must_stop or due:
            checkpoint.save(run.state())
            saved = time.monotonic()
        if must_stop:
            raise StoppedError(f"stopped after step {run.step} of {settings.steps}")
    return run.result()


class Run:
    """Everything that changes from step to step."""

    def __init__(
        self,
        data: TrainingData,
        objective: ObjectiveSettings,
        settings: TrainingSettings,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        self.settings = settings
        self.seed = seed
        self.device = device
        self.step = 0
        self.audits = data.dense is not None and settings.audit_every > 0
        dropout = objective.dual.dropout if objective.dual else None
        network = initial_network(data, settings, seed=seed, second_decoder_dropout=dropout)
        self.layout = memory_format(len(settings.patch_size))
        self.network = network.to(device, memory_format=self.layout)  # type: ignore[call-overload] # stubs lack it
        self.average = MovingAverage(self.network, settings.ema_decay)
        self.network.train()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=device.type == "cuda",
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, max_lr=settings.learning_rate, total_steps=settings.steps
        )
        self.objective = Objective(objective, n_steps=settings.steps)
        self.batches = Batches(data, settings, seed=seed, device=device)
        self.history = History(max(1, len(data.images) // settings.batch_size))
        self.seconds_before = 0.0
        self.start = time.monotonic()

    def advance(self) -> None:
        """Do one step."""
        batch = self.batches.batch(self.step)
        made = self.objective(
            Networks(self.logits, self.averaged_probs, self.two_logits),
            batch,
            step=self.step,
            draws=self._draws,
            audit=self.audits and self.step % self.settings.audit_every == 0,
        )
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(made.terms.values())).sum().backward()  # type: ignore[no-untyped-call] # so are torch's own
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.learning_rate = float(self.schedule.get_last_lr()[0])
        self.optimiser.step()
        self.schedule.step()
        self.average.update(self.network, self.step)
        self.history.add(made.terms, made.ratios, norm)
        self.step += 1
        if self.history.epoch_ends(self.step) or self.step == self.settings.steps:
            self.history.write_ratios(self.step)

    def _draws(self, name: str) -> Generator:
        return Generator().manual_seed(seed_for(self.seed, name, self.step))

    def logits(self, images: Tensor) -> Tensor:
        """Run the network on images (B, C, *S)."""
        images = images.contiguous(memory_format=self.layout)
        with autocast(self.device, self.settings.precision):
            logits: Tensor = self.network(images)
        return logits.float()

    def two_logits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Run both decoders of the network."""
        assert isinstance(self.network, TwoDecoders)
        seed = seed_for(self.seed, "dropout", self.step)
        generator = Generator(self.device).manual_seed(seed)
        with autocast(self.device, self.settings.precision):
            first, second = self.network.both(images, generator=generator)
        return first.float(), second.float()

    @torch.no_grad()
    def averaged_probs(self, images: Tensor) -> Tensor:
        """Return probabilities by the moving average of the weights, without gradient."""
        with autocast(self.device, self.settings.precision):
            logits: Tensor = self.average.network(images)
        return logits.float().softmax(dim=1)

    def write_history(self) -> None:
        """Close a row of the history."""
        seconds = self.seconds_before + time.monotonic() - self.start
        self.history.write_losses(self.step, self.learning_rate, seconds)

    def state(self) -> dict[str, Any]:
        """Return all that a run needs to go on, in plain data."""
        return {
            "step": self.step,
            "seconds": self.seconds_before + time.monotonic() - self.start,
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "running_ratios": self.objective.running_ratios.state(),
            "history": self.history.state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state; the random streams are named by the step and need none."""
        self.step = state["step"]
        self.seconds_before = state["seconds"]
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.objective.running_ratios.load(state["running_ratios"])
        self.history.load(state["history"], self.device)

    def result(self) -> Trained:
        """Return what the last step left."""
        network = self.average.network if self.settings.average_weights else self.network
        seconds = self.seconds_before + time.monotonic() - self.start
        return Trained(network, self.history.losses, self.history.ratios, seconds)


def initial_network(
    data: TrainingData,
    settings: TrainingSettings,
    *,
    seed: int,
    second_decoder_dropout: float | None = None,
) -> nn.Module:
    """Build the network with weights from the stream (seed, "weights"), leaving torch's own.

    A second decoder, where one is asked for, has weights of its own stream, so that the rest has
    the same ones as without it.
    """

    def build(*names: str) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, *names))
            return NETWORKS[settings.network](
                in_channels=data.images.shape[1],
                n_classes=data.n_classes,
                width=settings.width,
                strides=settings.strides,
            )

    network = build("weights")
    if second_decoder_dropout is None:
        return network
    return TwoDecoders(network, build("weights", "second"), dropout=second_decoder_dropout)
