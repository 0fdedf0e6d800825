"""What a trial does to predictions before it scores them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from test_annotation import LABELS, trial

from scribblebench.data.preprocessing import prepare
from scribblebench.sweep import trial as trial_module
from scribblebench.sweep.trial import TrialData, run_trial
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
def scores(padded, monkeypatch):
    """Return a function that scores a given prediction, without training a network."""

    def score(pred, **settings):
        trained = SimpleNamespace(network=None, losses=[], ratios=[])
        monkeypatch.setattr(trial_module, "train", lambda *_, **__: trained)
        monkeypatch.setattr(trial_module, "predict_slices", lambda *_, **__: pred.copy())
        outcome = run_trial(
            trial("dense", method="full", training=TrainingSettings(**settings)),
            TrialData(LABELS, [padded], [padded]),
            trial_id="id",
            protocol="made",
            device=torch.device("cpu"),
        )
        row = outcome.rows[0]
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
