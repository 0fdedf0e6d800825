"""The JSON Schema of protocol files, for editors: what a file may say before it is read."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from scribblebench.methods import METHODS
from scribblebench.sweep.protocol_settings import Protocol
from scribblebench.sweep.setting_keys import varied_types
from scribblebench.training.networks import NETWORKS
from scribblebench.training.objective_settings import ObjectiveSettings

Schema: TypeAlias = dict[str, Any]

BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}
"""Pydantic keeps its own words where it cannot tell what a validator before the bound returns."""
NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
"""YAML 1.1 reads 1e-3, without a dot, as text; protocols take it for the number that it is."""
REPLACED = ("ListedTrial", "Exclusion", "MethodEntry")
"""Groups within lists: they are replaced as they are, never laid over others."""


def schema_text() -> str:
    """Return the schema as it lies beside the shipped protocols."""
    return json.dumps(protocol_schema(), indent=1, ensure_ascii=False) + "\n"


def protocol_schema() -> Schema:
    """Return a schema that accepts every protocol file that can be read, also one that extends.

    It is more lenient than reading: a null is allowed wherever it may take an inherited key away,
    and what must go together is not looked at.
    """
    schema = Protocol.model_json_schema()
    definitions: dict[str, Schema] = schema.pop("$defs")
    objective = ObjectiveSettings.model_json_schema()
    definitions |= objective.pop("$defs") | {"ObjectiveSettings": objective}
    definitions["MethodEntry"]["properties"]["options"] = {"$ref": "#/$defs/ObjectiveSettings"}
    definitions["MethodEntry"]["properties"]["method"]["enum"] = METHODS.names()
    definitions["TrainingSettings"]["properties"]["network"]["enum"] = NETWORKS.names()
    _add_settings(schema["properties"], definitions)
    schema["properties"]["methods"]["items"] = {
        "anyOf": [{"enum": METHODS.names()}, {"$ref": "#/$defs/MethodEntry"}]
    }
    for name, definition in definitions.items():
        if name not in REPLACED:
            _make_lenient(definition)
    _make_lenient(schema)
    keys = schema["properties"]
    definitions["Preset"] = {
        "description": "Keys laid over the protocol's: the same comparison at another size.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"$ref": f"#/properties/{key}"} for key in keys},
    }
    extends = {
        "description": "Files, relative to this one, or names of shipped protocols; this file's "
        "keys are laid over theirs.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    }
    presets = {
        "description": "What --preset NAME lays over the protocol.",
        "type": ["object", "null"],
        "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Preset"}, {"type": "null"}]},
    }
    tidy: Schema = _tidied(
        schema
        | {
            "properties": {"extends": extends, **keys, "presets": presets},
            "$defs": definitions,
            "if": {"required": ["extends"]},
            "then": {"required": ["name"]},
            "else": {
                "required": ["name", "dataset"],
                "properties": {"dataset": {"required": ["name"]}},
            },
        }
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Protocol"} | tidy


def _add_settings(keys: dict[str, Schema], definitions: dict[str, Schema]) -> None:
    """Add the settings that may vary, by dotted key, wherever a protocol takes them."""
    types = varied_types()
    definitions |= {key: _described(key, types[key], keys, definitions) for key in types}
    single: dict[str, Schema] = {key: {"$ref": f"#/$defs/{key}"} for key in types}
    for name in ("grid", "zip"):
        lists: Schema = {
            "description": keys[name]["description"],
            "type": "object",
            "additionalProperties": False,
            "properties": {key: _list_of(setting) for key, setting in single.items()},
        }
        _make_lenient(lists)
        keys[name] = lists
    definitions["ListedTrial"]["properties"] |= single
    excluded = definitions["Exclusion"]["properties"]
    for name, described in excluded.items():
        (one,) = (kind["items"] for kind in described["anyOf"] if "items" in kind)
        excluded[name] = _one_or_more(one)
    excluded |= {key: _one_or_more(setting) for key, setting in single.items()}
    definitions["Exclusion"]["minProperties"] = 1


def _described(
    key: str, kind: TypeAdapter[Any], keys: dict[str, Schema], definitions: dict[str, Schema]
) -> Schema:
    """Return the schema of a setting's value, described as where it stands in its group."""
    *groups, name = key.split(".")
    for group in groups:
        keys = definitions[keys[group]["$ref"].rpartition("/")[2]]["properties"]
    described = {k: v for k, v in keys[name].items() if k in ("description", "enum")}
    return kind.json_schema() | described


def _list_of(item: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": item}


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, _list_of(item)]}


def _make_lenient(group: Schema) -> None:
    """Let a group leave out what it inherits, and take keys away by null."""
    group.pop("required", None)
    for name, value in group.get("properties", {}).items():
        outside = {key: value.pop(key) for key in ("description", "default") if key in value}
        options = value.get("anyOf", [value])
        if {"type": "null"} not in options:
            options = [*options, {"type": "null"}]
        group["properties"][name] = outside | {"anyOf": options}


def _tidied(node: Any) -> Any:
    """Return a schema in the words of JSON Schema, without titles, its texts on one line."""
    if isinstance(node, list):
        return [_tidied(part) for part in node]
    if not isinstance(node, dict):
        return node
    tidy = {BOUNDS.get(key, key): value for key, value in node.items()}
    if isinstance(tidy.get("title"), str):
        del tidy["title"]
    if isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split("\n\n")[0].split())
    if tidy.get("type") == "number":
        tidy |= {"type": ["number", "string"], "pattern": NUMBER}
    return {key: _tidied(value) for key, value in tidy.items()}
