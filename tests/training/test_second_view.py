"""Holes and mixes, and what lies outside the slices, as a step puts them together."""

import pytest
import torch

from scribblebench.training import second_view
from scribblebench.training.batch import Batch
from scribblebench.training.mixup import Mix
from scribblebench.training.objective_settings import ViewSettings
from scribblebench.training.second_view import second_view_terms

K, SIDE, HOLE = 3, 24, 8


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, K, (4, SIDE, SIDE), generator=generator)
    targets[torch.rand(targets.shape, generator=generator) < 0.5] = 255
    inside = torch.ones(4, SIDE, SIDE, dtype=torch.bool)
    inside[:2, :, 12:] = False  # of two slices one half is padding
    targets[~inside] = 255
    images = 1.0 + torch.rand(4, 1, SIDE, SIDE, generator=generator)
    return Batch(images, targets, inside)


class Network:
    """Answers with logits that are given, and remembers the images it saw."""

    def __init__(self, logits):
        self.logits = logits

    def __call__(self, images):
        self.seen = images
        return self.logits


def draws(name):
    return torch.Generator().manual_seed(len(name))


def run(batch, settings, logits=None, first=None):
    generator = torch.Generator().manual_seed(5)
    shape = (4, K, SIDE, SIDE)
    logits = torch.randn(shape, generator=generator) if logits is None else logits
    first = torch.randn(shape, generator=generator) if first is None else first
    network = Network(logits.clone().requires_grad_())
    gradient = torch.randn(batch.images.shape, generator=generator)
    made = second_view_terms(
        network, batch, first, gradient, ViewSettings.model_validate(settings), draws=draws
    )
    return made, network


def holes(seen):
    """Intensities are 1 at least, so a 0 is a hole."""
    return seen[:, 0] == 0


def gradient_of(term, network):
    network.logits.grad = None
    term.backward()
    return network.logits.grad


def test_one_hole_in_each_image_is_0_and_all_else_stays(batch):
    _, network = run(batch, {"occlusion": {"side": HOLE}})
    hole = holes(network.seen)
    assert hole.sum(dim=(1, 2)).tolist() == [HOLE**2] * 4
    assert torch.equal(network.seen[:, 0][~hole], batch.images[:, 0][~hole])


def test_holes_are_background_inside_the_slice_and_nothing_outside(batch):
    """Without a hole the labels are the scribbles."""
    made, network = run(batch, {"occlusion": {"side": HOLE}})
    hole = holes(network.seen)
    touched = gradient_of(made["view"], network).abs().sum(dim=1) > 0
    annotated = batch.targets != 255
    assert torch.equal(touched, torch.where(hole, batch.inside, annotated))
    confident = torch.full((4, K, SIDE, SIDE), -20.0)
    confident[:, 0] = 20.0
    labels = torch.where(hole & batch.inside, 0, torch.where(hole, 255, batch.targets))
    made, _ = run(batch, {"occlusion": {"side": HOLE}}, logits=confident)
    expected = torch.nn.functional.cross_entropy(confident, labels, ignore_index=255)
    torch.testing.assert_close(made["view"], expected)


def test_ignored_holes_have_no_label(batch):
    made, network = run(batch, {"occlusion": {"side": HOLE, "label": "ignore"}})
    touched = gradient_of(made["view"], network).abs().sum(dim=1) > 0
    assert torch.equal(touched, (batch.targets != 255) & ~holes(network.seen))


def test_a_hole_that_is_averaged_apart_is_a_term_of_its_own(batch):
    made, network = run(batch, {"occlusion": {"side": HOLE, "weight": 0.5}})
    hole = holes(network.seen)
    view = gradient_of(made["view"], network).abs().sum(dim=1) > 0
    assert torch.equal(view, (batch.targets != 255) & ~hole)
    made, network = run(batch, {"occlusion": {"side": HOLE, "weight": 0.5}})
    assert torch.equal(gradient_of(made["hole"], network).abs().sum(dim=1) > 0, hole & batch.inside)


@pytest.mark.parametrize("weight", [None, 0.5])
def test_holes_label_nothing_where_an_image_is_not_annotated(batch, weight):
    """The second image has no mark: its hole would be all that the network learns of it."""
    batch.targets[1] = 255
    made, network = run(batch, {"occlusion": {"side": HOLE, "weight": weight}})
    hole = holes(network.seen)
    assert hole[1].any()
    terms = [made[name] for name in ("view", "hole") if name in made]
    touched = gradient_of(sum(terms), network).abs().sum(dim=1) > 0
    assert not touched[1].any()
    others = [0, 2, 3]
    expected = torch.where(hole, batch.inside, batch.targets != 255)
    assert torch.equal(touched[others], expected[others])


def test_views_are_compared_inside_the_slices_and_outside_the_holes(batch):
    settings = {"occlusion": {"side": HOLE}, "consistency": 1.0}
    made, network = run(batch, settings)
    compared = gradient_of(made["consistency"], network).abs().sum(dim=1) > 0
    assert torch.equal(compared, batch.inside & ~holes(network.seen))


def test_mixes_with_padding_are_not_compared(batch):
    """Each block goes to the image that is more salient there, wholly."""
    mixup = {"label_smoothness": 0.0, "data_smoothness": 0.0, "prior": 0.0}
    made, network = run(batch, {"mixup": mixup, "consistency": 1.0})
    compared = gradient_of(made["consistency"], network).abs().sum(dim=1) > 0
    whose = [(i, j, network.seen[i, 0] == batch.images[j, 0]) for i in range(4) for j in range(4)]
    # A pixel that is wholly of one image counts where that image is inside its slice.
    for i, j, pixels in whose:
        assert torch.equal(compared[i][pixels], batch.inside[j][pixels])
    assert sum(int(pixels.sum()) for i, j, pixels in whose if i != j) > 100


def test_mixes_with_padding_are_labelled_by_what_is_annotated(batch, monkeypatch):
    """Half of each image everywhere: one that is annotated labels the mix, padding or not."""
    partner = torch.tensor([2, 3, 0, 1])
    halves = Mix(partner, torch.full((4, 1, SIDE, SIDE), 0.5))
    monkeypatch.setattr(second_view, "_mix", lambda *arguments: halves)
    made, network = run(batch, {"mixup": {}, "consistency": 1.0})
    labelled = gradient_of(made["view"], network).abs().sum(dim=1) > 0
    compared = gradient_of(made["consistency"], network).abs().sum(dim=1) > 0
    annotated = batch.targets != 255
    assert torch.equal(labelled, annotated | annotated[partner])
    assert torch.equal(compared, batch.inside & batch.inside[partner])
    assert (labelled & ~compared).sum() > 100


def test_holes_are_the_same_with_and_without_mixup(batch):
    _, alone = run(batch, {"occlusion": {"side": HOLE}})
    _, mixed = run(batch, {"occlusion": {"side": HOLE}, "mixup": {}})
    assert torch.equal(holes(alone.seen), holes(mixed.seen))


def test_an_ignored_hole_cannot_have_a_weight():
    with pytest.raises(ValueError, match="weight must be left out where label is ignore"):
        ViewSettings.model_validate({"occlusion": {"label": "ignore", "weight": 1.0}})
