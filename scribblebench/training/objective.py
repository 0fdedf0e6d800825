"""The loss of a step: a sum of the terms that a method's settings switch on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from scribblebench.training.batch import Batch
from scribblebench.training.gated_crf import gated_crf_loss
from scribblebench.training.losses import (
    allowed_classes_loss,
    dice_loss,
    entropy_loss,
    partial_cross_entropy,
    soft_target_loss,
)
from scribblebench.training.mixed_pseudo_labels import mixed_pseudo_label_loss
from scribblebench.training.neighbours import weighted_neighbours
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.running_ratios import RunningRatios, estimate_ratios
from scribblebench.training.second_view import Draws, second_view_terms
from scribblebench.training.shape_prior import shape_loss
from scribblebench.training.spatial_prior import negatives, spatial_energy, spatial_loss
from scribblebench.types import IGNORE_LABEL


@dataclass(frozen=True)
class Networks:
    """What an objective may run on images; all return float32.

    Parameters
    ----------
    logits : callable, (B, C, *S) -> (B, K, *S)
        The network that is trained.
    averaged_probs : callable, (B, C, *S) -> (B, K, *S)
        Probabilities by the moving average of its weights, without gradient.
    two_logits : callable, (B, C, *S) -> two (B, K, *S)
        Both decoders, where the objective asked for two.
    """

    logits: Callable[[Tensor], Tensor]
    averaged_probs: Callable[[Tensor], Tensor]
    two_logits: Callable[[Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class StepTerms:
    """What an objective makes of a batch.

    Parameters
    ----------
    terms : dict of str to scalar Tensor
        Weighted; the loss is their sum. Terms that are off or have not begun are missing.
    ratios : dict of str to Tensor, shape (K,)
        Class ratios that were estimated or used.
    """

    terms: dict[str, Tensor]
    ratios: dict[str, Tensor]


class Objective:
    """Computes the terms of each step; its only state is the running class ratio.

    Parameters
    ----------
    settings : ObjectiveSettings
    n_steps : int
        Length of the training, which `start` settings are shares of.
    """

    def __init__(self, settings: ObjectiveSettings, *, n_steps: int) -> None:
        self.settings = settings
        self.n_steps = n_steps
        smoothing = settings.spatial.smoothing if settings.spatial else 0.0
        self.running_ratios = RunningRatios(smoothing)

    def __call__(
        self,
        networks: Networks,
        batch: Batch,
        *,
        step: int,
        draws: Draws,
        audit: bool = False,
    ) -> StepTerms:
        """Run the networks on a batch and return the terms of the loss.

        Parameters
        ----------
        networks : Networks
        batch : Batch
        step : int
            Counted from 0.
        draws : callable, str -> torch.Generator
            Makes the stream of this step that a term draws from, on the CPU: what one term draws
            does not depend on which others are on.
        audit : bool
            Also estimate the class ratios by every means that the batch allows.
        """
        s = self.settings
        done = step / self.n_steps
        images = batch.images
        if s.view and s.view.mixup:
            images = images.detach().requires_grad_()
        second: Tensor | None = None
        if s.dual:
            logits, second = networks.two_logits(images)
        else:
            logits = networks.logits(images)
        cross_entropy = partial_cross_entropy(logits, batch.targets, ignore_label=IGNORE_LABEL)
        terms = self._annotated_terms(logits, second, cross_entropy, batch)
        if s.view:
            gradient = images
            if s.view.mixup:
                # Only with respect to the images: no gradient of the weights is computed here.
                (gradient,) = torch.autograd.grad(cross_entropy, images, retain_graph=True)
            terms |= second_view_terms(
                networks.logits, batch, logits, gradient, s.view, draws=draws
            )
        if s.dual and second is not None:
            loss = mixed_pseudo_label_loss(
                logits, second, batch.inside, generator=draws("pseudo labels")
            )
            terms["mixed_pseudo_labels"] = s.dual.weight * loss
        if s.teacher and done > s.teacher.start:
            ramp_length = max(min(s.teacher.start, 1.0 - s.teacher.start), 1e-6)
            ramp = min(1.0, (done - s.teacher.start) / ramp_length)
            probs = networks.averaged_probs(batch.images)
            loss = soft_target_loss(logits, probs, batch.unannotated)
            terms["teacher"] = s.teacher.weight * ramp * loss
        terms |= self._unannotated_terms(logits, batch, done)
        terms |= self._crf_term(logits, batch, done)
        spatial, ratios = self._spatial_term(logits, batch, done)
        if audit:
            ratios = self._audit(logits, batch) | ratios
        return StepTerms(terms | spatial, ratios)

    def _annotated_terms(
        self, logits: Tensor, second: Tensor | None, cross_entropy: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return the terms on annotated pixels.

        Two decoders both learn from them: each term is the mean of its values for either. All
        other terms but the mixed pseudo-labels act on the first decoder only, the one that
        predicts.
        """
        s, targets = self.settings, batch.targets
        terms = {}
        if s.cross_entropy:
            loss = cross_entropy
            if second is not None:
                other = partial_cross_entropy(second, targets, ignore_label=IGNORE_LABEL)
                loss = (loss + other) / 2
            terms["cross_entropy"] = s.cross_entropy * loss
        if s.dice:
            loss = dice_loss(logits, targets, ignore_label=IGNORE_LABEL)
            if second is not None:
                loss = (loss + dice_loss(second, targets, ignore_label=IGNORE_LABEL)) / 2
            terms["dice"] = s.dice * loss
        return terms

    def _unannotated_terms(self, logits: Tensor, batch: Batch, done: float) -> dict[str, Tensor]:
        """Return the terms on unannotated pixels that need no more than the logits."""
        s = self.settings
        terms = {}
        if s.geometry and batch.allowed is not None:
            loss = allowed_classes_loss(logits, batch.allowed, batch.unannotated)
            terms["geometry"] = s.geometry * loss
        if s.entropy:
            terms["entropy"] = s.entropy * entropy_loss(logits, batch.unannotated)
        if s.shape and done >= s.shape.start:
            loss = shape_loss(
                logits,
                batch.targets,
                ignore_label=IGNORE_LABEL,
                valid=batch.inside,
                union=s.shape.union,
            )
            terms["shape"] = s.shape.weight * loss
        return terms

    def _crf_term(self, logits: Tensor, batch: Batch, done: float) -> dict[str, Tensor]:
        s = self.settings.gated_crf
        if s is None or done < s.start:
            return {}
        probs = logits.softmax(dim=1)
        messages, weight = weighted_neighbours(
            probs.detach(),
            batch.images,
            batch.inside,
            radius=s.radius,
            sigma_px=s.sigma_px,
            sigma_intensity=s.sigma_intensity,
        )
        return {"gated_crf": s.weight * gated_crf_loss(probs, messages, weight, batch.inside)}

    def _spatial_term(
        self, logits: Tensor, batch: Batch, done: float
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return the spatial prior's term and the ratio it went by."""
        s = self.settings.spatial
        if s is None or done < s.start:
            return {}, {}
        probs = logits.detach().softmax(dim=1)
        annotated = batch.inside & ~batch.unannotated
        where = batch.unannotated if s.ratio_pixels == "unannotated" else annotated
        before = self.running_ratios.mean if s.em_prior == "used" else None
        em_prior = None if before is None else _scaled(before, s.ratio_factor)
        estimate = estimate_ratios(s.class_ratio, probs, batch, where, em_prior=em_prior)
        wanted = _scaled(self.running_ratios.update(estimate), s.ratio_factor)
        known = wanted.sum() > 0  # else every pixel would be a negative of every class
        first = 0 if s.rank_background else 1
        messages, _ = weighted_neighbours(
            probs[:, first:],
            batch.images,
            batch.inside,
            radius=s.radius,
            sigma_px=s.sigma_px,
            sigma_intensity=s.sigma_intensity,
        )
        energy = spatial_energy(probs[:, first:], messages)
        flagged = negatives(energy, wanted[first:], batch.unannotated & known)
        if first:
            flagged = torch.cat([torch.zeros_like(flagged[:, :1]), flagged], dim=1)
        loss = spatial_loss(logits, flagged, marginal=s.marginal)
        return {"spatial": s.weight * loss}, {"used": wanted}

    def _audit(self, logits: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Estimate the ratios among unannotated pixels by each means."""
        probs = logits.detach().softmax(dim=1)
        sources = ("em", "argmax", "annotated", *(["oracle"] if batch.dense is not None else []))
        return {s: estimate_ratios(s, probs, batch, batch.unannotated) for s in sources}


def _scaled(ratios: Tensor, factor: float) -> Tensor:
    """Return ratios (K,) with the foreground's multiplied by a factor, at most 1 each."""
    return torch.cat([ratios[:1], (ratios[1:] * factor).clamp(max=1.0)])
