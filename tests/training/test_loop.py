import numpy as np
import pytest
import torch

from scribblebench.methods import METHODS
from scribblebench.training.batch import Batch
from scribblebench.training.loop import TrainingData, batches, initial_network, train
from scribblebench.training.prediction import keep_largest_components, predict_slices
from scribblebench.training.settings import AugmentationSettings, TrainingSettings

CPU = torch.device("cpu")
STILL = AugmentationSettings(flip=0, rotation_deg=0, scale=0, contrast=0, brightness=0, noise=0)
SMALL = TrainingSettings(
    field_of_view=32, patch=32, width=4, steps=6, batch_size=4, precision="fp32"
)


@pytest.fixture
def discs():
    """Bright discs of class 1 on a dark ground, at random places."""
    rng = np.random.default_rng(0)
    row, col = np.mgrid[:32, :32]
    centres = rng.integers(10, 22, (12, 2, 1, 1))
    inside = np.hypot(row - centres[:, 0], col - centres[:, 1]) < 6
    images = inside + rng.normal(0, 0.2, inside.shape)
    return TrainingData(
        images=images[:, None].astype(np.float32),
        targets=inside.astype(np.uint8),
        n_classes=2,
    )


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


@pytest.mark.parametrize("method", ["full", "pce"])
def test_training_learns_a_toy_problem(discs, method):
    settings = SMALL.model_copy(update={"steps": 60, "learning_rate": 1e-2})
    trained = train(discs, METHODS[method].terms, settings, seed=0, device=CPU)
    pred = predict_slices(trained.network, discs.images, settings, device=CPU).argmax(axis=1)
    overlap = 2 * (pred & discs.targets).sum() / (pred.sum() + discs.targets.sum())
    assert overlap > 0.9
    assert trained.history[-1]["loss"] < 0.5 * trained.history[0]["loss"]


def test_two_runs_are_equal_bit_for_bit_and_another_seed_differs(discs):
    one, again, other = (
        train(discs, METHODS["pce"].terms, SMALL, seed=s, device=CPU).network for s in (0, 0, 1)
    )
    assert torch.equal(weights(one), weights(again))
    assert not torch.equal(weights(one), weights(other))


def test_weights_and_data_order_do_not_depend_on_the_labels(discs):
    """Trials that differ in form or density are paired."""
    sparse = TrainingData(discs.images, np.full_like(discs.targets, 255), 2)
    assert torch.equal(
        weights(initial_network(discs, SMALL, seed=3)),
        weights(initial_network(sparse, SMALL, seed=3)),
    )
    pairs = zip(
        batches(discs, SMALL, seed=3, device=CPU),
        batches(sparse, SMALL, seed=3, device=CPU),
        strict=True,
    )
    assert all(torch.equal(a.images, b.images) for a, b in pairs)


def test_building_a_network_leaves_the_global_generator_alone(discs):
    before = torch.get_rng_state()
    initial_network(discs, SMALL, seed=0)
    assert torch.equal(before, torch.get_rng_state())


def test_every_slice_is_seen_once_before_any_is_seen_again(discs):
    marked = TrainingData(
        images=np.tile(np.arange(12, dtype=np.float32)[:, None, None, None], (1, 1, 32, 32)),
        targets=discs.targets,
        n_classes=2,
    )
    still = SMALL.model_copy(update={"augmentation": STILL, "steps": 3})
    seen = [b.images[:, 0, 16, 16] for b in batches(marked, still, seed=0, device=CPU)]
    assert sorted(torch.cat(seen).round().int().tolist()) == list(range(12))


def test_a_loss_that_is_not_finite_stops_the_training_with_its_step(discs):
    def broken(network, batch: Batch):
        return {"broken": network(batch.images).sum() * float("nan")}

    with pytest.raises(FloatingPointError, match="the loss is nan in the 6 steps up to 6"):
        train(discs, broken, SMALL, seed=0, device=CPU)


def test_history_and_callback_report_the_last_step(discs):
    told = []
    trained = train(
        discs,
        METHODS["full"].terms,
        SMALL,
        seed=0,
        device=CPU,
        on_step=lambda done, total: told.append((done, total)),
    )
    assert told == [(6, 6)]
    row = trained.history[-1]
    assert row["loss"] == pytest.approx(row["cross_entropy"] + row["dice"], rel=1e-5)


def test_largest_component_of_each_class_is_kept_in_3d():
    pred = np.zeros((3, 8, 8), dtype=np.uint8)
    pred[:, 0:2, 0:2] = 1  # 12 voxels over three planes
    pred[0, 5:8, 5:8] = 1  # 9 voxels in one plane
    pred[2, 7, 0] = 2
    filtered = keep_largest_components(pred, 3)
    assert (filtered == 1).sum() == 12
    assert filtered[0, 6, 6] == 0
    assert filtered[2, 7, 0] == 2


def test_flips_at_test_time_make_the_prediction_equivariant_to_flips(discs):
    network = initial_network(discs, SMALL, seed=0)
    images = discs.images[:4]
    probs = predict_slices(network, images, SMALL, device=CPU)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-5)
    flipped = np.ascontiguousarray(images[..., ::-1])
    again = predict_slices(network, flipped, SMALL, device=CPU)[..., ::-1]
    np.testing.assert_allclose(again, probs, atol=1e-4)


def test_gradients_are_clipped_to_the_norm(discs):
    """The gradients of the last step are still there after training."""

    def norm_of_last_gradient(clip_norm):
        settings = SMALL.model_copy(update={"clip_norm": clip_norm})
        network = train(discs, METHODS["pce"].terms, settings, seed=0, device=CPU).network
        return float(torch.cat([p.grad.flatten() for p in network.parameters()]).norm())

    assert norm_of_last_gradient(1e9) > 0.01
    assert norm_of_last_gradient(0.01) == pytest.approx(0.01, rel=1e-3)
