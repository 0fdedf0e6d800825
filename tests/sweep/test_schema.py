"""The JSON Schema accepts what is read, and editors see most of what is not."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from scribblebench.sweep.protocol import read_protocol, shipped_protocols
from scribblebench.sweep.schema import protocol_schema, schema_text
from scribblebench.sweep.setting_keys import varied_types

CHECK = Draft202012Validator(protocol_schema())
SHIPPED = sorted(shipped_protocols().glob("*.yaml"))
LINE = "# yaml-language-server: $schema=schema.json\n"


def test_the_committed_schema_is_up_to_date():
    """If not: scribblebench validate --schema > protocols/schema.json."""
    assert (shipped_protocols() / "schema.json").read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema_and_all_its_references_lead_somewhere():
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    found = []

    def collect(node):
        if isinstance(node, dict):
            found.append(node.get("$ref"))
        for part in node.values() if isinstance(node, dict) else node:
            if isinstance(part, dict | list):
                collect(part)

    collect(schema)
    names = {ref.split("/")[-1] for ref in found if ref is not None}
    assert names <= set(schema["$defs"]) | set(schema["properties"])
    assert names > set(varied_types())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_protocols_fit_and_editors_are_told(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith(LINE)
    CHECK.validate(yaml.safe_load(text))


EVERYTHING = """
name: mine
extends: [efficiency]
forms: [skeleton, expert, dense]
densities: [1e-2, 0.1]
methods: [pce, full, {name: x, method: pce, options: {spatial: {weight: 2}, view: null}}]
background_density: null
training: {spacing_mm: null, width: null, augmentation: {flip: 1}, learning_rate: 1e-3}
grid: {training.steps: [300, 900], background: [near], background_density: [null, 0.1]}
zip: {training.width: [4, 8], training.augmentation.noise: [0, 1e-1]}
trials:
  - {form: skeleton, density: 0.3, method: x, seeds: [0, 7], training.steps: 7, background: far}
  - {form: dense, method: full, seed: 3}
exclude:
  - {form: skeleton, density: [0.01], seed: 0}
  - {variant: "steps=300,width=4,noise=0", form: [dense]}
  - {training.steps: [900], background: near, randomness: 0.5}
presets:
  gpu: {training: {steps: 70, width: null}, grid: {training.steps: null}, exclude: null}
"""


def test_all_keys_are_accepted_by_both(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(EVERYTHING)
    read_protocol(path)
    CHECK.validate(yaml.safe_load(EVERYTHING))


@pytest.mark.parametrize(
    "changes",
    [
        {"densitys": [0.1]},
        {"densities": [0]},
        {"forms": ["skeletn"]},
        {"methods": ["pcee"]},
        {"methods": [{"name": "x", "method": "pce", "options": {"spatail": {}}}]},
        {"training": {"steps": 0}},
        {"training": {"learning_rate": "fast"}},
        {"training": {"network": "unnet"}},
        {"dataset": {"data": "x"}},
        {"grid": {"training.step": [1]}},
        {"grid": {"training.steps": []}},
        {"grid": {"training.field_of_view": [48]}},
        {"zip": {"training.steps": 3}},
        {"trials": [{"form": "dense"}]},
        {"exclude": [{}]},
        {"exclude": [{"seeds": [1]}]},
        {"presets": {"gpu": {"trainin": {}}}},
        {"presets": {"a b": {}}},
        {"extends": 3},
    ],
)
def test_mistakes_are_seen(tiny, changes):
    assert CHECK.is_valid(tiny)
    assert not CHECK.is_valid(tiny | changes)


def test_name_and_data_set_are_asked_for_where_they_are_not_inherited(tiny):
    del tiny["dataset"]
    assert not CHECK.is_valid(tiny)
    assert CHECK.is_valid(tiny | {"extends": "efficiency"})
    del tiny["name"]
    assert not CHECK.is_valid(tiny | {"extends": "efficiency"})
