"""Canonical JSON of many trials that share most of their settings, as fast as joining strings."""

from __future__ import annotations

import json
import math
from json.encoder import encode_basestring_ascii
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_KEPT = 256
"""Texts of models that are kept: more than the variants and methods of a protocol, far less than
its trials."""
_texts: dict[int, tuple[BaseModel, str]] = {}


def canonical_json(value: Any) -> str:
    """Return what `json.dumps` gives with sorted keys and no blanks, for all pydantic takes.

    The text of a model is made once for each object, which must be frozen; trials of one protocol
    hold the same objects.
    """
    if value is None:
        return "null"
    kind = type(value)
    if kind is str:
        return encode_basestring_ascii(value)
    if kind is int or (kind is float and math.isfinite(value)):
        return repr(value)
    if isinstance(value, BaseModel):
        return _model_json(value)
    return _ENCODER.encode(to_jsonable_python(value))


def _model_json(model: BaseModel) -> str:
    """Return the text of a frozen model."""
    kept = _texts.get(id(model))
    if kept is not None:
        return kept[1]
    text = _ENCODER.encode(model.model_dump(mode="json"))
    if len(_texts) >= _KEPT:
        _texts.clear()
    # The object is kept beside its text: no other can have its address meanwhile.
    _texts[id(model)] = (model, text)
    return text
