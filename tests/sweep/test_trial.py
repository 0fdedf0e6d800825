"""What a trial does to predictions before it scores them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from test_annotation import LABELS, trial

from scribblebench.data.preprocessing import prepare
from scribblebench.sweep import training_stage
from scribblebench.sweep.training_stage import TrialData
from scribblebench.sweep.trial import run_trial
from scribblebench.training import prediction
from scribblebench.training.settings import TrainingSettings
from scribblebench.types import Case


@pytest.fixture
def padded():
    """One case of 24 x 24 in a field of view of 32, with one square of class 1."""
    labels = np.zeros((2, 24, 24), dtype=np.uint8)
    labels[:, 4:10, 4:10] = 1
    image = np.zeros((1, 2, 24, 24), dtype=np.float32)
    return prepare(Case("p1", "p1", image, labels, None, np.eye(4)), field_of_view=32)


@pytest.fixture
def outcome_of(monkeypatch):
    """Return a function that scores given predictions of one case, without training a network."""

    def run(slices, pred, **settings):
        trained = SimpleNamespace(network=None, losses=[], ratios=[], seconds=0.0)
        monkeypatch.setattr(training_stage, "train", lambda *_, **__: trained)
        one_hot = np.moveaxis(np.eye(3, dtype=np.float32)[pred], -1, 1)
        monkeypatch.setattr(prediction, "predict_slices", lambda *_, **__: one_hot)
        return run_trial(
            trial("dense", method="full", training=TrainingSettings(**settings)),
            TrialData(LABELS, [slices], [slices]),
            trial_id="id",
            protocol="made",
            device=torch.device("cpu"),
        )

    return run


@pytest.fixture
def scores(padded, outcome_of):
    """Return a function that gives the Dice of a prediction for `padded`, filtered and raw."""

    def score(pred, **settings):
        row = outcome_of(padded, pred, **settings).rows[0]
        return row["dsc"], row["dsc_raw"]

    return score


def test_components_are_filtered_for_the_score_and_not_for_the_raw_one(padded, scores):
    """A second blob of 9 of 72 pixels a plane: raw Dice 144 / (72 + 90)."""
    pred = padded.label_map.copy()
    pred[:, 20:23, 20:23] = 1
    assert scores(pred) == pytest.approx((1.0, 144 / 162))
    assert scores(pred, largest_component=False) == pytest.approx((144 / 162, 144 / 162))


def test_a_blob_in_the_padding_does_not_push_out_the_organ(padded, scores):
    pred = padded.label_map.copy()
    pred[:, :3] = 1  # 96 pixels a plane, all of them padding
    assert scores(pred) == (1.0, 1.0)


def test_a_class_that_is_missed_scores_0(scores, padded):
    nothing = np.zeros_like(padded.label_map)
    assert scores(nothing) == (0.0, 0.0)


def test_resampled_predictions_are_filtered_and_scored_on_the_cases_own_grid(outcome_of):
    """A square of 16 x 16 px of 1 mm and a blob of 4 x 4, predicted on pixels of 2 mm.

    Their corners survive the way back, with a probability of 0.75 * 0.75: the raw Dice is
    2 * 256 / (256 + 256 + 16).
    """
    labels = np.zeros((2, 48, 48), dtype=np.uint8)
    labels[:, 8:24, 8:24] = 1
    image = np.zeros((1, 2, 48, 48), dtype=np.float32)
    case = Case("p1", "p1", image, labels, (5.0, 1.0, 1.0), np.eye(4))
    slices = prepare(case, field_of_view=32, spacing_mm=2.0)
    pred = slices.label_map.copy()
    pred[:, 24:26, 24:26] = 1
    outcome = outcome_of(slices, pred, spacing_mm=2.0)
    row = outcome.rows[0]
    assert (row["dsc"], row["hd"]) == (1.0, 0.0)
    assert row["dsc_raw"] == pytest.approx(512 / 528)
    np.testing.assert_array_equal(outcome.samples.own()["pred"][0], slices.label_map[0])
