import math

import pytest
import torch

from scribblebench.training.batch import Batch
from scribblebench.training.objective_settings import PriorSettings
from scribblebench.training.prior_correction import PriorCorrection, corrected

IGNORE = 255


def batch(targets, dense=None, allowed=None):
    targets = torch.tensor(targets)[None, None]
    inside = torch.ones_like(targets, dtype=torch.bool)
    if dense is not None:
        dense = torch.tensor(dense)[None, None]
    return Batch(torch.zeros(1, 1, *targets.shape[1:]), targets, inside, allowed, dense)


def certain(classes, n_classes):
    """Probabilities (1, K, 1, W) of sure predictions."""
    onehot = torch.nn.functional.one_hot(torch.tensor(classes), n_classes).float()
    return onehot.T[None, :, None]


def test_correction_by_hand():
    """Annotated 1:1; of the four others three are class 0: log(.5 / .75) and log(.5 / .25)."""
    made = batch([0, 1, IGNORE, IGNORE, IGNORE, IGNORE], dense=[0, 1, 0, 0, 0, 1])
    expected = torch.tensor([math.log(0.5 / 0.75), math.log(0.5 / 0.25)])
    for source in ("oracle", "argmax", "em"):
        correction = PriorCorrection(PriorSettings(class_ratio=source, smoothing=0.0))
        found = correction.update(certain([0, 1, 0, 0, 0, 1], 2), made)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    half = PriorCorrection(PriorSettings(class_ratio="oracle", strength=0.5))
    torch.testing.assert_close(half.update(certain([0] * 6, 2), made), expected / 2)


def test_pixels_that_can_only_be_background_do_not_count():
    allowed = torch.ones(1, 2, 1, 6, dtype=torch.bool)
    allowed[0, 1, 0, 2:4] = False  # leaves one pixel of each class
    made = batch([0, 1, IGNORE, IGNORE, IGNORE, IGNORE], [0, 1, 0, 0, 0, 1], allowed)
    correction = PriorCorrection(PriorSettings(class_ratio="oracle"))
    found = correction.update(certain([0] * 6, 2), made)
    torch.testing.assert_close(found, torch.zeros(2), atol=1e-6, rtol=0)


def test_ratios_that_were_not_seen_do_not_give_infinite_corrections():
    made = batch([0, 0, IGNORE, IGNORE], dense=[0, 0, 1, 1])
    correction = PriorCorrection(PriorSettings(class_ratio="oracle"))
    found = correction.update(certain([0] * 4, 2), made)
    assert found.tolist() == pytest.approx([math.log(1000), math.log(1 / 1000)], rel=1e-4)
    nothing = batch([IGNORE] * 4, dense=[IGNORE] * 4)
    assert torch.isfinite(correction.update(certain([0] * 4, 2), nothing)).all()


def test_a_network_trained_with_the_correction_predicts_under_the_true_ratios():
    """Two Gaussian classes, annotated 1:1, true shares 9:1, the ratios found by EM as it goes.

    A logistic regression on x learns log p(1|x) / p(0|x) = 2x - log 9 where the classes' means are
    -1 and +1: the intercept says which ratios it has learned.
    """
    generator = torch.Generator().manual_seed(0)
    n = 20_000
    dense = (torch.rand(n, generator=generator) < 0.1).long()
    x = torch.randn(n, generator=generator) + 2.0 * dense - 1.0
    targets = torch.full((n,), IGNORE)
    for k in (0, 1):
        targets[(dense == k).nonzero()[:1000, 0]] = k
    made = Batch(
        x.reshape(1, 1, 1, n),
        targets.reshape(1, 1, n),
        torch.ones(1, 1, n, dtype=torch.bool),
        dense=dense.reshape(1, 1, n),
    )
    weight = torch.zeros(2, requires_grad=True)  # slope and intercept
    optimiser = torch.optim.Adam([weight], lr=0.05)
    correction = PriorCorrection(PriorSettings(smoothing=0.9))
    for step in range(600):
        logits = torch.stack([torch.zeros(n), weight[0] * x + weight[1]])[None, :, None]
        added = None
        if step >= 100:
            added = correction.update(logits.detach().softmax(dim=1), made)
        loss = torch.nn.functional.cross_entropy(
            corrected(logits, added), made.targets, ignore_index=IGNORE
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    share = (dense[targets == IGNORE] == 1).float().mean()
    assert correction.ratios["doubtful"][1].item() == pytest.approx(share.item(), abs=0.01)
    slope, intercept = weight.tolist()
    assert slope == pytest.approx(2.0, abs=0.2)
    assert intercept == pytest.approx(math.log(share / (1 - share)), abs=0.2)


def test_state_is_taken_up():
    made = batch([0, 1, IGNORE, IGNORE], dense=[0, 1, 0, 0])
    one, other = (PriorCorrection(PriorSettings()) for _ in range(2))
    probs = torch.tensor([0.7, 0.3])[None, :, None, None].expand(1, 2, 1, 4)
    one.update(probs, made)
    other.load(one.state())
    assert torch.equal(one.update(probs, made), other.update(probs, made))


def test_without_a_correction_logits_stay_as_they_are():
    logits = torch.randn(1, 2, 3, 3)
    assert corrected(logits, None) is logits
    added = corrected(logits, torch.tensor([1.0, -1.0]))
    torch.testing.assert_close(added[:, 0], logits[:, 0] + 1)
    torch.testing.assert_close(added[:, 1], logits[:, 1] - 1)
