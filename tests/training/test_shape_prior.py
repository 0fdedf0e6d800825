import math

import pytest
import torch

from scribblebench.training.shape_prior import shape_loss

IGNORE = 255

# Class 1 has a component of three pixels and one of one; class 2 has one of two.
PREDICTED = torch.tensor([[[1, 1, 0, 0, 0], [1, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 2, 2, 0, 0]]])
EVERYWHERE = torch.ones(1, 4, 5, dtype=torch.bool)
UNANNOTATED = torch.full((1, 4, 5), IGNORE)


def logits_of(predicted, n_classes=3, share=0.8):
    """Return logits that give the predicted class `share`, and the others the rest evenly."""
    probs = torch.full((len(predicted), n_classes, *predicted.shape[1:]), 0.0)
    probs += (1 - share) / (n_classes - 1)
    probs.scatter_(1, predicted[:, None], share)
    return probs.log().requires_grad_()


def loss_and_touched(logits, targets, valid, **options):
    loss = shape_loss(logits, targets, ignore_label=IGNORE, valid=valid, **options)
    logits.grad = None
    loss.backward()
    return float(loss.detach()), logits.grad.abs().sum(dim=1) > 0


def test_the_largest_component_of_each_class_is_confirmed():
    value, touched = loss_and_touched(logits_of(PREDICTED), UNANNOTATED, EVERYWHERE)
    assert value == pytest.approx(-5 * math.log(0.8) / 20, abs=1e-6)  # 5 of 20 pixels
    expected = PREDICTED > 0
    expected[0, 1, 4] = False
    assert torch.equal(touched, expected)


def test_annotated_and_invalid_pixels_are_left_out():
    targets = UNANNOTATED.clone()
    targets[0, 0, 0] = 0
    valid = EVERYWHERE.clone()
    valid[0, 3, 1] = False
    logits = logits_of(PREDICTED)
    with torch.no_grad():
        logits[0, :, 0, 1] = torch.tensor([0.1, 0.5, 0.4]).log()
    value, touched = loss_and_touched(logits, targets, valid)
    # What is left are (0, 1), (1, 0) and (3, 2).
    assert value == pytest.approx(-(math.log(0.5) + 2 * math.log(0.8)) / 20, abs=1e-6)
    assert touched[0].nonzero().tolist() == [[0, 1], [1, 0], [3, 2]]


def test_padding_neither_counts_nor_connects():
    """The padding would make the right component the larger one."""
    predicted = torch.tensor([[[1, 1, 0, 1, 1, 1]]])
    valid = torch.tensor([[[True, True, True, True, False, False]]])
    _, touched = loss_and_touched(logits_of(predicted), torch.full((1, 1, 6), IGNORE), valid)
    assert touched.tolist() == [[[True, True, False, False, False, False]]]


def test_the_variant_turns_all_else_into_background():
    """Three pixels of class 1 are kept; class 2 is not part of the largest foreground piece."""
    value, touched = loss_and_touched(logits_of(PREDICTED), UNANNOTATED, EVERYWHERE, union=True)
    # 3 kept and 14 predicted background at .8; 3 removed foreground pixels at .1.
    expected = -(17 * math.log(0.8) + 3 * math.log(0.1)) / 20
    assert value == pytest.approx(expected, abs=1e-6)
    assert bool(touched.all())
    half = EVERYWHERE.clone()
    half[0, 2:] = False
    _, touched = loss_and_touched(logits_of(PREDICTED), UNANNOTATED, half, union=True)
    assert torch.equal(touched, half)


@pytest.mark.parametrize("union", [False, True])
@pytest.mark.parametrize("case", ["all annotated", "nothing valid"])
def test_no_pixel_to_average_over_gives_0_with_zero_gradient(case, union):
    annotated = case == "all annotated"
    targets = torch.zeros_like(UNANNOTATED) if annotated else UNANNOTATED
    value, touched = loss_and_touched(
        logits_of(PREDICTED), targets, EVERYWHERE if annotated else ~EVERYWHERE, union=union
    )
    assert value == 0.0
    assert not touched.any()


def test_only_background_predicted_gives_0_with_zero_gradient():
    logits = logits_of(torch.zeros_like(PREDICTED))
    value, touched = loss_and_touched(logits, UNANNOTATED, EVERYWHERE)
    assert value == 0.0
    assert not touched.any()


@pytest.mark.parametrize("union", [False, True])
def test_extreme_logits_and_volumes_stay_finite(union):
    generator = torch.Generator().manual_seed(0)
    logits = 160 * (torch.rand(2, 3, 4, 5, 6, generator=generator) > 0.5).float() - 80
    logits.requires_grad_()
    valid = torch.ones(2, 4, 5, 6, dtype=torch.bool)
    value, _ = loss_and_touched(logits, torch.full(valid.shape, IGNORE), valid, union=union)
    assert math.isfinite(value)
    assert bool(logits.grad.isfinite().all())


def test_dtypes():
    logits = logits_of(PREDICTED).detach()
    for given, expected in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        loss = shape_loss(logits.to(given), UNANNOTATED, ignore_label=IGNORE, valid=EVERYWHERE)
        assert loss.dtype == expected


@pytest.mark.parametrize("union", [False, True])
def test_nothing_waits_for_the_host(union):
    """Tensors of the meta device have no values that the host could look at."""
    logits = torch.empty(2, 3, 8, 9, device="meta")
    targets = torch.empty(2, 8, 9, dtype=torch.long, device="meta")
    loss = shape_loss(logits, targets, ignore_label=IGNORE, valid=targets == 0, union=union)
    assert loss.shape == ()
