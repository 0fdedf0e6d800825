"""Windows: what is larger than a patch is predicted from overlapping patches."""

import numpy as np
import pytest
import torch
from torch import nn

from scribblebench.training.prediction import predict_slices
from scribblebench.training.settings import TrainingSettings

CPU = torch.device("cpu")
SETTINGS = TrainingSettings(
    field_of_view=80, patch=32, batch_size=2, precision="fp32", window="sliding"
)
WHOLE = SETTINGS.model_copy(update={"window": "whole"})


class Seen(nn.Module):
    """Tells the position in its window: the logit of class 1 is that of the middle, or far less."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def forward(self, x):
        self.shapes.append(tuple(x.shape))
        side = x.shape[-1]
        distance = (torch.arange(side) - (side - 1) / 2).abs()
        edge = (distance[:, None].maximum(distance) > side / 4).float()
        return torch.stack([20 * edge, -20 * edge]).expand(len(x), 2, side, side)


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(3, 2, 80, 80)).astype(np.float32)


@pytest.mark.parametrize("flips", [True, False])
def test_windows_do_not_matter_to_a_network_that_sees_single_pixels(images, flips):
    torch.manual_seed(0)
    network = nn.Conv2d(2, 4, 1)
    whole, sliding = (
        predict_slices(network, images, s.model_copy(update={"test_time_flips": flips}), device=CPU)
        for s in (WHOLE, SETTINGS)
    )
    assert sliding.shape == (3, 4, 80, 80)
    np.testing.assert_allclose(sliding, whole, atol=1e-5)


def test_windows_have_the_size_of_a_patch_and_overlap_by_half(images):
    """80 pixels hold windows of 32 at 0, 16, 32 and 48."""
    network = Seen()
    settings = SETTINGS.model_copy(update={"test_time_flips": False})
    predict_slices(network, images[:1], settings, device=CPU)
    assert {shape[1:] for shape in network.shapes} == {(2, 32, 32)}
    assert sum(shape[0] for shape in network.shapes) == 16


def test_probabilities_are_averaged_and_the_middle_of_a_window_counts_more(images):
    """An inner pixel lies in four windows, in the middle of one, which alone says 1/2 and not 0.

    With equal weights that would be 1/8 on average.
    """
    probs = predict_slices(Seen(), images[:1], SETTINGS, device=CPU)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-5)
    assert probs[0, 1, 16:64, 16:64].mean() > 0.3
