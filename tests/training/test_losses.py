import math

import pytest
import torch

from scribblebench.training.losses import dice_loss, partial_cross_entropy

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


def test_losses_are_computed_in_float32_from_bfloat16_logits():
    logits = torch.randn(1, 3, 4, 4).bfloat16()
    targets = torch.zeros((1, 4, 4), dtype=torch.long)
    for loss in (partial_cross_entropy, dice_loss):
        assert loss(logits, targets, ignore_label=IGNORE).dtype == torch.float32
