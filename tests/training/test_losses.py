import math

import pytest
import torch

from scribblebench.training.losses import (
    allowed_classes_loss,
    dice_loss,
    entropy_loss,
    masked_mean,
    partial_cross_entropy,
    soft_cross_entropy,
    soft_dice_loss,
    soft_target_loss,
)

IGNORE = 255


def test_partial_cross_entropy_by_hand():
    """Two of four pixels annotated: -log(.8) and -log(.3), averaged over the two."""
    probs = torch.tensor([[0.8, 0.2], [0.7, 0.3], [0.5, 0.5], [0.1, 0.9]])
    logits = probs.log().T.reshape(1, 2, 2, 2)
    targets = torch.tensor([[[0, 1], [IGNORE, IGNORE]]])
    loss = partial_cross_entropy(logits, targets, ignore_label=IGNORE)
    expected = -(math.log(0.8) + math.log(0.3)) / 2
    assert float(loss) == pytest.approx(expected, abs=1e-6)


def test_unannotated_pixels_have_no_gradient():
    logits = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    logits.requires_grad_()
    targets = torch.full((2, 4, 4), IGNORE)
    targets[0, 1, 2] = 2
    partial_cross_entropy(logits, targets, ignore_label=IGNORE).backward()
    touched = logits.grad.abs().sum(dim=1) > 0
    assert touched.nonzero().tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("loss", [partial_cross_entropy, dice_loss])
def test_nothing_annotated_gives_0_with_zero_gradient(loss):
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    value = loss(logits, torch.full((1, 4, 4), IGNORE), ignore_label=IGNORE)
    value.backward()
    assert float(value.detach()) == pytest.approx(0.0, abs=1e-6)
    assert float(logits.grad.abs().max()) == 0.0


def test_dice_loss_by_hand():
    """Class 1: 2 * (.8 + .6) / (.8 + .6 + .3 + 2) = 2.8 / 3.7; the ignored pixel is left out."""
    probs = torch.tensor([0.8, 0.6, 0.3, 0.9])
    logits = torch.stack([(1 - probs).log(), probs.log()]).reshape(1, 2, 2, 2)
    targets = torch.tensor([[[1, 1], [0, IGNORE]]])
    loss = dice_loss(logits, targets, ignore_label=IGNORE)
    assert float(loss) == pytest.approx(1 - 2.8 / 3.7, abs=1e-5)


def test_soft_dice_loss_by_hand():
    """Class 1: overlap .5 * .8 + 1 * .6, size (.8 + .6) + (.5 + 1); the third pixel has no mass."""
    probs = torch.tensor([0.8, 0.6, 0.3])
    logits = torch.stack([(1 - probs).log(), probs.log()]).reshape(1, 2, 1, 3)
    soft = torch.tensor([[0.5, 0.5], [0.0, 1.0], [0.0, 0.0]]).T.reshape(1, 2, 1, 3)
    assert float(soft_dice_loss(logits, soft)) == pytest.approx(1 - 2.0 / 2.9, abs=1e-5)


def test_losses_are_computed_in_float32_from_bfloat16_logits():
    logits = torch.randn(1, 3, 4, 4).bfloat16()
    targets = torch.zeros((1, 4, 4), dtype=torch.long)
    for loss in (partial_cross_entropy, dice_loss):
        assert loss(logits, targets, ignore_label=IGNORE).dtype == torch.float32


def two_pixels(*probs):
    """Logits (1, K, 1, 2) of two pixels with these probabilities."""
    return torch.tensor(probs).log().T[None, :, None, :]


def test_soft_cross_entropy_equals_the_hard_one_for_one_hot_labels():
    logits = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.randint(0, 3, (2, 4, 4), generator=torch.Generator().manual_seed(1))
    targets[0, :2] = IGNORE
    soft = torch.nn.functional.one_hot(targets.where(targets != IGNORE, 0), 3).movedim(-1, 1)
    soft = soft * (targets != IGNORE)[:, None]
    expected = partial_cross_entropy(logits, targets, ignore_label=IGNORE)
    torch.testing.assert_close(soft_cross_entropy(logits, soft.float()), expected)


def test_soft_cross_entropy_by_hand():
    """A pixel half of class 0 and half of nothing, one half of each class: mass 1.5."""
    logits = two_pixels((0.8, 0.2), (0.4, 0.6))
    soft = torch.tensor([[0.5, 0.0], [0.5, 0.5]]).T[None, :, None, :]
    total = -(0.5 * math.log(0.8) + 0.5 * math.log(0.4) + 0.5 * math.log(0.6))
    assert float(soft_cross_entropy(logits, soft)) == pytest.approx(total / 1.5, abs=1e-6)
    over_all = soft_cross_entropy(logits, soft, over_all_pixels=True)
    assert float(over_all) == pytest.approx(total / 2, abs=1e-6)


def test_allowed_classes_loss_by_hand():
    """Pixel 0 may have classes 0 and 1: -log(.2 + .3); pixel 1 any class, so it does not count."""
    logits = two_pixels((0.2, 0.3, 0.5), (0.1, 0.1, 0.8))
    allowed = torch.tensor([[True, True, False], [True, True, True]]).T[None, :, None, :]
    everywhere = torch.ones(1, 1, 2, dtype=torch.bool)
    loss = allowed_classes_loss(logits, allowed, everywhere)
    assert float(loss) == pytest.approx(-math.log(0.5), abs=1e-6)
    logits.requires_grad_()
    allowed_classes_loss(logits, allowed, everywhere).backward()
    assert torch.isfinite(logits.grad).all()
    assert float(logits.grad[..., 1].abs().max()) == 0.0
    nowhere = torch.zeros(1, 1, 2, dtype=torch.bool)
    assert float(allowed_classes_loss(logits, allowed, nowhere).detach()) == 0.0


def test_entropy_by_hand():
    logits = two_pixels((0.5, 0.5), (0.9, 0.1))
    first = torch.tensor([[[True, False]]])
    assert float(entropy_loss(logits, first)) == pytest.approx(math.log(2), abs=1e-6)


def test_soft_target_loss_by_hand_and_without_gradient_of_the_targets():
    logits = two_pixels((0.5, 0.5), (0.9, 0.1))
    probs = torch.tensor([[0.7, 0.3], [0.2, 0.8]]).T[None, :, None, :].requires_grad_()
    second = torch.tensor([[[False, True]]])
    loss = soft_target_loss(logits.requires_grad_(), probs, second)
    expected = -(0.2 * math.log(0.9) + 0.8 * math.log(0.1))
    assert float(loss.detach()) == pytest.approx(expected, abs=1e-6)
    loss.backward()
    assert probs.grad is None
    assert float(logits.grad[..., 0].abs().max()) == 0.0


def test_masked_mean_of_nothing_is_0():
    assert float(masked_mean(torch.ones(3), torch.zeros(3, dtype=torch.bool))) == 0.0
