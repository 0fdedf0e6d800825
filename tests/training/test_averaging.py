import pytest
import torch
from torch import nn

from scribblebench.training.averaging import MovingAverage


def linear(value):
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, value)
    return layer


def test_average_by_hand():
    """Decays 1/10 and 2/11, then at most one half."""
    average = MovingAverage(linear(0.0), decay=0.5)
    average.update(linear(1.0), step=0)
    assert average.network.weight.item() == pytest.approx(0.9)
    average.update(linear(2.0), step=1)
    expected = 0.9 * 2 / 11 + 2.0 * 9 / 11
    assert average.network.weight.item() == pytest.approx(expected)
    average.update(linear(0.0), step=1000)
    assert average.network.weight.item() == pytest.approx(expected / 2)


def test_buffers_are_averaged_and_counts_copied():
    network = nn.BatchNorm1d(2)
    average = MovingAverage(network, decay=0.9)
    network(torch.tensor([[1.0, 3.0], [3.0, 5.0]]))
    average.update(network, step=10_000)
    torch.testing.assert_close(average.network.running_mean, 0.1 * network.running_mean)
    assert int(average.network.num_batches_tracked) == 1


def test_the_average_is_a_copy_in_evaluation_mode_without_gradients():
    network = nn.BatchNorm1d(2)
    average = MovingAverage(network, decay=0.9)
    assert not average.network.training
    assert network.training
    assert not any(p.requires_grad for p in average.network.parameters())
    assert all(p.requires_grad for p in network.parameters())
