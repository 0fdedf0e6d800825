import numpy as np
import pytest
import torch

from scribblebench.methods import METHODS
from scribblebench.training.checkpoint import Checkpoint
from scribblebench.training.data import Batches, TrainingData
from scribblebench.training.loop import Run, initial_network, train
from scribblebench.training.objective import Objective, StepTerms
from scribblebench.training.prediction import keep_largest_components, predict_slices
from scribblebench.training.settings import AugmentationSettings, TrainingSettings
from scribblebench.training.stop import Stop, StoppedError

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
    trained = train(discs, METHODS[method].objective, settings, seed=0, device=CPU)
    pred = predict_slices(trained.network, discs.images, settings, device=CPU).argmax(axis=1)
    overlap = 2 * (pred & discs.targets).sum() / (pred.sum() + discs.targets.sum())
    assert overlap > 0.9
    assert trained.losses[-1]["loss"] < 0.5 * trained.losses[0]["loss"]


def test_two_runs_are_equal_bit_for_bit_and_another_seed_differs(discs):
    one, again, other = (
        train(discs, METHODS["pce"].objective, SMALL, seed=s, device=CPU).network for s in (0, 0, 1)
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
    one, other = (Batches(data, SMALL, seed=3, device=CPU) for data in (discs, sparse))
    for step in range(6):
        assert torch.equal(one.batch(step).images, other.batch(step).images)


def test_building_a_network_leaves_the_global_generator_alone(discs):
    before = torch.get_rng_state()
    initial_network(discs, SMALL, seed=0)
    assert torch.equal(before, torch.get_rng_state())


def test_a_loss_that_is_not_finite_stops_the_training_with_its_step(discs, monkeypatch):
    def broken(self, networks, batch, **_):
        return StepTerms({"broken": networks.logits(batch.images).sum() * float("nan")}, {})

    monkeypatch.setattr(Objective, "__call__", broken)
    with pytest.raises(FloatingPointError, match="term 'broken' is nan in the 6 steps up to 6"):
        train(discs, METHODS["pce"].objective, SMALL, seed=0, device=CPU)


def test_history_and_callback_report_the_last_step(discs):
    told = []
    trained = train(
        discs,
        METHODS["full"].objective,
        SMALL,
        seed=0,
        device=CPU,
        on_step=lambda done, total: told.append((done, total)),
    )
    assert told == [(6, 6)]
    row = trained.losses[-1]
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
        settings = settings.model_copy(update={"average_weights": False})
        network = train(discs, METHODS["pce"].objective, settings, seed=0, device=CPU).network
        return float(torch.cat([p.grad.flatten() for p in network.parameters()]).norm())

    assert norm_of_last_gradient(1e9) > 0.01
    assert norm_of_last_gradient(0.01) == pytest.approx(0.01, rel=1e-3)


def scribbled(discs):
    """A column of the disc and one of the ground annotated, dense labels for the audit."""
    targets = np.full_like(discs.targets, 255)
    targets[:, :, 15:17] = discs.targets[:, :, 15:17]
    return TrainingData(discs.images, targets, 2, dense=discs.targets)


class StopsAt(Stop):
    """Asks for the end after a step; `begin` is the step that the run goes on from."""

    def __init__(self, step, begin):
        super().__init__()
        self.step, self.done = step, begin

    @property
    def reason(self):
        self.done += 1
        return "enough" if self.done >= self.step else None


@pytest.mark.parametrize("method", ["zscribbleseg", "mean_teacher", "dmpls", "full"])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(discs, method, tmp_path):
    settings = SMALL.model_copy(update={"steps": 60, "audit_every": 7})
    objective = METHODS[method].objective
    data = discs if method == "full" else scribbled(discs)
    whole = train(data, objective, settings, seed=0, device=CPU)
    path = tmp_path / "checkpoint.pt"
    # Between two rows of the history, at one, and after the last step.
    for begin, step in ((0, 10), (10, 25), (25, 31), (31, 60)):
        checkpoint = Checkpoint(path, "mine", stop=StopsAt(step, begin))
        with pytest.raises(StoppedError, match=f"step {step} of 60"):
            train(data, objective, settings, seed=0, device=CPU, checkpoint=checkpoint)
    resumed = train(
        data,
        objective,
        settings,
        seed=0,
        device=CPU,
        checkpoint=Checkpoint(path, "mine", every_s=1e9),
    )
    state, again = whole.network.state_dict(), resumed.network.state_dict()
    assert state.keys() == again.keys()
    assert all(torch.equal(state[name], again[name]) for name in state)
    assert resumed.ratios == whole.ratios

    def without_times(rows):
        return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]

    assert without_times(resumed.losses) == without_times(whole.losses)


def test_checkpoints_are_written_now_and_then_and_at_the_end_and_hold_plain_data_only(
    discs, tmp_path, monkeypatch
):
    settings = SMALL.model_copy(update={"steps": 60})
    objective = METHODS["pce"].objective
    saved = []
    save = Checkpoint.save
    monkeypatch.setattr(
        Checkpoint, "save", lambda self, state: saved.append(state["step"]) or save(self, state)
    )
    for every_s in (1e9, 0.0):
        path = tmp_path / f"{every_s}.pt"
        checkpoint = Checkpoint(path, "mine", every_s=every_s)
        train(discs, objective, settings, seed=0, device=CPU, checkpoint=checkpoint)
        assert saved == ([60] if every_s else [*range(1, 61)])
        saved.clear()
    assert torch.load(path, weights_only=True)["step"] == 60


@pytest.mark.parametrize("content", ["empty", "damaged", "another version", "another trial"])
def test_what_is_no_state_of_this_run_is_not_taken_up(discs, tmp_path, content):
    path = tmp_path / "checkpoint.pt"
    settings = SMALL.model_copy(update={"steps": 30})

    def run(objective, checkpoint=None):
        return train(discs, objective, settings, seed=0, device=CPU, checkpoint=checkpoint)

    if content == "another trial":
        with pytest.raises(StoppedError):
            run(METHODS["entropy"].objective, Checkpoint(path, "other", stop=Stop(0.0)))
    elif content == "another version":
        torch.save({"version": -1, "identity": "mine"}, path)
    else:
        path.write_bytes(b"" if content == "empty" else b"not a checkpoint")
    objective = METHODS["pce"].objective
    resumed = run(objective, Checkpoint(path, "mine", every_s=1e9))
    assert torch.equal(weights(resumed.network), weights(run(objective).network))


def test_a_gradient_that_is_not_finite_stops_the_training_also_in_the_last_step(discs, monkeypatch):
    """The loss is finite: the square root of 0 has no finite slope."""

    def broken(self, networks, batch, *, step, **_):
        logits = networks.logits(batch.images)
        zero = (logits - logits).abs().sum()
        return StepTerms({"term": zero.sqrt() if step == 5 else logits.square().mean()}, {})

    monkeypatch.setattr(Objective, "__call__", broken)
    with pytest.raises(FloatingPointError, match="the gradient is nan in the 6 steps up to 6"):
        train(discs, METHODS["pce"].objective, SMALL, seed=0, device=CPU)


def test_audit_reports_the_true_ratios_of_each_epoch(discs):
    """12 slices, batches of 4: an epoch is 3 steps, and without augmentation sees them all."""
    settings = SMALL.model_copy(update={"audit_every": 1, "augmentation": STILL, "steps": 3})
    data = scribbled(discs)
    rows = train(data, METHODS["pce"].objective, settings, seed=0, device=CPU).ratios
    assert [(row["epoch"], row["step"], row["class_id"]) for row in rows] == [(1, 3, 0), (1, 3, 1)]
    unannotated = data.targets == 255
    # Each batch is averaged first; all have as many unannotated pixels.
    assert rows[1]["oracle"] == pytest.approx(discs.targets[unannotated].mean(), abs=1e-5)
    annotated = np.mean([(t[t != 255] == 1).mean() for t in np.split(data.targets, 4)])
    assert rows[1]["annotated"] == pytest.approx(annotated, abs=0.02)
    for source in ("em", "argmax", "annotated", "oracle"):
        assert sum(row[source] for row in rows) == pytest.approx(1.0, abs=1e-5)


def test_the_moving_average_of_the_weights_is_what_predicts_if_asked(discs):
    objective = METHODS["pce"].objective

    def final(**changes):
        settings = SMALL.model_copy(update=changes)
        return weights(train(discs, objective, settings, seed=0, device=CPU).network)

    assert not torch.equal(final(average_weights=True), final(average_weights=False))
    # Without a memory the average is the last value.
    assert torch.equal(final(average_weights=True, ema_decay=0.0), final(average_weights=False))


def test_what_terms_draw_depends_on_seed_step_and_name(discs):
    run = Run(discs, METHODS["zscribbleseg"].objective, SMALL, seed=0, device=CPU)

    def drawn(run, name, step):
        run.step = step
        return torch.rand(3, generator=run._draws(name)).tolist()

    first = drawn(run, "mixup", 0)
    assert first == drawn(run, "mixup", 0)
    assert first != drawn(run, "mixup", 1)
    assert first != drawn(run, "holes", 0)
    other = Run(discs, METHODS["zscribbleseg"].objective, SMALL, seed=1, device=CPU)
    assert first != drawn(other, "mixup", 0)


def test_a_second_decoder_starts_from_weights_of_its_own(discs):
    network = initial_network(discs, SMALL, seed=0, second_decoder_dropout=0.5)
    alone = initial_network(discs, SMALL, seed=0)
    assert torch.equal(weights(network.first), weights(alone.network))
    second = weights(network.second)
    assert not torch.equal(second, weights(network.first)[-len(second) :])
