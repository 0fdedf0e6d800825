"""What only a GPU can show: `pytest -m gpu` on a machine with one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scribblebench.methods import METHODS
from scribblebench.training.data import TrainingData
from scribblebench.training.loop import Run, train
from scribblebench.training.scribble_geometry import scribble_geometry
from scribblebench.training.settings import TrainingSettings, VolumeSettings

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
SETTINGS = TrainingSettings(
    field_of_view=64, patch=48, width=4, steps=30, batch_size=4, audit_every=1
)


VOLUMES = SETTINGS.model_copy(
    update={"volume": VolumeSettings(planes=12, patch_planes=8), "batch_size": 2}
)


@pytest.fixture(scope="module")
def slices():
    rng = np.random.default_rng(0)
    row, col = np.mgrid[:64, :64] - 32
    distance = np.hypot(row, col)
    dense = np.digitize(-distance, [-16, -8]).astype(np.uint8)
    scribble = np.full_like(dense, 255)
    scribble[np.abs(distance - 20) < 0.8] = 0
    scribble[32, 20:44] = dense[32, 20:44]
    targets = np.broadcast_to(scribble, (12, 64, 64)).copy()
    images = dense + rng.normal(0, 0.3, (12, 1, 64, 64))
    return TrainingData(
        images.astype(np.float32),
        targets,
        3,
        geometry=scribble_geometry([targets], 3),
        dense=np.broadcast_to(dense, (12, 64, 64)).copy(),
    )


@pytest.fixture(scope="module")
def volumes(slices):
    """The same as two volumes of 12 slices each."""

    def twice(array):
        return np.stack([array, array])

    return replace(
        slices,
        images=twice(slices.images.swapaxes(0, 1)),
        targets=twice(slices.targets),
        geometry=scribble_geometry([slices.targets] * 2, 3),
        dense=twice(slices.dense),
    )


@pytest.fixture(params=["slices", "volumes"])
def given(request, slices, volumes):
    """Return data and the settings that go with them."""
    return (slices, SETTINGS) if request.param == "slices" else (volumes, VOLUMES)


@pytest.mark.parametrize("method", METHODS.names())
def test_a_step_never_makes_the_host_wait(given, method):
    data, settings = given
    run = Run(data, METHODS[method].objective, settings, seed=0, device=torch.device("cuda"))
    run.step = 27  # every term is on, and no epoch ends in the next two steps
    run.advance()  # allocates and compiles
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        run.advance()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert len(run.history.losses) == 0
    run.write_history()


@pytest.mark.parametrize("method", METHODS.names())
def test_losses_are_those_of_the_cpu(given, method):
    """In float32; the devices draw other noise, so it is switched off."""
    data, settings = given
    still = settings.augmentation.model_copy(update={"noise": 0.0})
    settings = settings.model_copy(update={"precision": "fp32", "augmentation": still, "steps": 3})
    objective = METHODS[method].objective
    if objective.dual is not None:
        pytest.skip("the devices drop other channels")
    first = [
        train(data, objective, settings, seed=0, device=torch.device(name)).losses[0]["loss"]
        for name in ("cpu", "cuda")
    ]
    assert first[1] == pytest.approx(first[0], rel=0.02)
