import pytest
import torch

from scribblebench.training.batch import Batch
from scribblebench.training.running_ratios import SMALLEST, RunningRatios, estimate_ratios


def test_mean_by_hand():
    """Weights .5 and 1: (.5 * .2 + .6) / 1.5."""
    running = RunningRatios(0.5)
    first = running.update(torch.tensor([0.8, 0.2]))
    torch.testing.assert_close(first, torch.tensor([0.8, 0.2]))
    second = running.update(torch.tensor([0.4, 0.6]))
    assert second[1].item() == pytest.approx((0.5 * 0.2 + 0.6) / 1.5)
    torch.testing.assert_close(running.mean, second)


def test_batches_without_evidence_change_nothing():
    running = RunningRatios(0.9)
    assert running.mean is None
    assert running.update(torch.zeros(2)).tolist() == [0.0, 0.0]
    running.update(torch.tensor([0.7, 0.3]))
    for _ in range(3):
        torch.testing.assert_close(running.update(torch.zeros(2)), torch.tensor([0.7, 0.3]))


def test_state_is_taken_up():
    one, other = RunningRatios(0.9), RunningRatios(0.9)
    one.update(torch.tensor([0.7, 0.3]))
    other.load(one.state())
    estimate = torch.tensor([0.1, 0.9])
    assert torch.equal(one.update(estimate), other.update(estimate))


def test_a_class_comes_back_that_the_ratios_in_use_had_lost():
    """EM multiplies: without the smallest ratio a class of 0 would stay at 0."""
    probs = torch.tensor([0.1, 0.9])[None, :, None, None].expand(1, 2, 1, 6)
    targets = torch.tensor([[[0, 1, 255, 255, 255, 255]]])
    batch = Batch(torch.zeros(1, 1, 1, 6), targets, torch.ones(1, 1, 6, dtype=torch.bool))
    lost = torch.tensor([1.0, 0.0])
    found = estimate_ratios("em", probs, batch, batch.unannotated, em_prior=lost)
    assert found[1] > 10 * SMALLEST
    absent = Batch(batch.images, torch.where(targets == 1, 255, targets), batch.inside)
    found = estimate_ratios("em", probs, absent, absent.unannotated, em_prior=lost)
    assert found.tolist() == [1.0, 0.0]
