"""Trained networks on disk: plain data, from which the network is built anew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from scribblebench.errors import InputError
from scribblebench.training.networks import NETWORKS, Padded, memory_format
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.plain_file import read_plain, write_plain
from scribblebench.training.settings import TrainingSettings
from scribblebench.training.two_decoders import TwoDecoders
from scribblebench.types import LabelSpec

FORMAT = "scribblebench model"
VERSION = 1
"""Of the layout of a model file; another one is not read."""


@dataclass(frozen=True)
class Model:
    """A trained network with all that inference needs.

    Parameters
    ----------
    network : nn.Module
        One of `NETWORKS`, or such a one with a second decoder.
    n_channels : int
        Of the images.
    labels : LabelSpec
        Names of the classes that it tells apart.
    training : TrainingSettings
        How it was trained, and how images are prepared for it and predictions are made.
    objective : ObjectiveSettings
        What it minimised.
    provenance : dict
        Where it comes from; what JSON holds.
    """

    network: nn.Module
    n_channels: int
    labels: LabelSpec
    training: TrainingSettings
    objective: ObjectiveSettings
    provenance: dict[str, Any]


def save_model(path: Path, model: Model, *, half: bool = False) -> None:
    """Write a model; of two decoders only the first, which is the one that predicts.

    Parameters
    ----------
    path : Path
        Replaced as a whole, never half-written.
    model : Model
    half : bool
        Store kernels in bfloat16, which halves the file. What has one axis, such as the statistics
        of batch norm, stays as it is. Where inference computes in bfloat16, predictions are the
        same; elsewhere their logits change by a percent or so.
    """
    network = model.network
    if isinstance(network, TwoDecoders):
        network = Padded(network.first, network.multiples)
    weights = {
        name: (t.to(torch.bfloat16) if half and t.ndim > 1 else t).cpu()
        for name, t in network.state_dict().items()
    }
    content = {
        "format": FORMAT,
        "version": VERSION,
        "weights": weights,
        "n_channels": model.n_channels,
        "class_names": list(model.labels.class_names),
        "training": model.training.model_dump_json(),
        "objective": model.objective.model_dump_json(),
        "provenance": json.dumps(model.provenance),
    }
    write_plain(path, content)


def load_model(path: Path, device: torch.device) -> Model:
    """Read a model, its network on `device`, in float32 and in evaluation mode.

    Only plain data are read; nothing in the file is run.

    Raises
    ------
    InputError
        In one short line that names the file, if it is not a model, is damaged or has another
        layout.
    """
    content = _read(path)
    if content.get("version") != VERSION:
        raise InputError(
            f"{path}: must be of version {VERSION} of the format, got {content.get('version')}"
        )
    try:
        labels = LabelSpec(tuple(map(str, content["class_names"])))
        training = TrainingSettings.model_validate_json(content["training"])
        n_channels = int(content["n_channels"])
        with torch.device("meta"):  # draws no weights, and takes no memory for them
            network = NETWORKS[training.network](
                in_channels=n_channels,
                n_classes=labels.n_classes,
                width=training.width,
                strides=training.strides,
            )
        _load_weights(network, _in_float32(content["weights"]))
        layout = memory_format(len(training.patch_size))
        network.to(device, memory_format=layout)  # type: ignore[call-overload] # stubs lack it
        return Model(
            network=network.eval(),
            n_channels=n_channels,
            labels=labels,
            training=training,
            objective=ObjectiveSettings.model_validate_json(content["objective"]),
            provenance=dict(json.loads(content["provenance"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise InputError(f"{path}: is a damaged model ({_reason(error)})") from error


def _read(path: Path) -> dict[str, Any]:
    """Return what a model file holds, and refuse any other file."""
    if path.is_dir():
        hint = f"; its model is {path / 'model.pt'}" if (path / "model.pt").is_file() else ""
        raise InputError(f"{path}: is a folder{hint}")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open("rb"):  # a file that may not be read is no foreign one
        pass
    try:
        content = read_plain(path, torch.device("cpu"))
    except InputError as error:
        raise InputError(
            f"{path}: is not a model of `scribblebench train`, or not a whole one"
        ) from error
    if content.get("format") != FORMAT:
        raise InputError(f"{path}: is not a model of `scribblebench train`")
    return content


def _load_weights(network: nn.Module, weights: dict[str, Tensor]) -> None:
    try:
        network.load_state_dict(weights, assign=True)
    except RuntimeError as error:  # whose message lists every layer
        raise ValueError("its weights do not fit its settings") from error


def _reason(error: Exception) -> str:
    """Return what is wrong in one line; of settings only the first thing that is."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return ": ".join(map(str, (*first["loc"], first["msg"])))
    return " ".join(str(error).split())


def _in_float32(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: t.float() if t.is_floating_point() else t for name, t in weights.items()}
