"""The examples of the documentation are protocols, and have the trials that it says."""

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import scribblebench
from scribblebench.sweep.plan import expand
from scribblebench.sweep.protocol import read_with_presets
from scribblebench.sweep.schema import protocol_schema

DOCS = Path(scribblebench.__file__).parent.parent / "docs" / "protocol.md"


def examples():
    """Return the protocols of the documentation by name."""
    if not DOCS.is_file():
        return {}
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return {yaml.safe_load(block)["name"]: block for block in blocks}


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("longer", [3 * 2 * 2 + 2]),
        ("sized", [26 * 2, 5 * 13 * 2]),
        ("widths", [4 * 4 * 2]),
        ("more", [26 + 3]),
        ("fewer", [26 - 4 - 1]),
    ],
)
def test_examples_are_read_and_have_their_trials(tmp_path, name, numbers):
    if not examples():
        pytest.skip("the documentation does not come with the package")
    path = tmp_path / f"{name}.yaml"
    path.write_text(examples()[name])
    read = read_with_presets(path)
    assert [len(list(expand(protocol))) for protocol in read.values()] == numbers
    Draft202012Validator(protocol_schema()).validate(yaml.safe_load(examples()[name]))


def test_no_example_is_left_untested():
    assert len(examples()) in (0, 5)
