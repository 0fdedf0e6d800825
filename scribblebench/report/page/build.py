"""Write the page: template, style, scripts and data in one file."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from scribblebench.report.page.chart import panels_of
from scribblebench.report.page.facts import grouped_facts, overall_facts
from scribblebench.report.page.model import CaseVolume, Overlay, Page
from scribblebench.report.page.trials import table_of, trial_labels
from scribblebench.report.page.volumes import case_payloads
from scribblebench.report.style import CLASS_COLOURS

__all__ = ["CaseVolume", "Overlay", "Page", "render"]

SCRIPTS = (
    *("dom.js", "table.js", "axes.js", "curves.js", "dots.js", "figure.js"),
    *("volumes.js", "overlay.js", "stage.js", "controls.js", "viewer.js", "page.js"),
)
"""In this order they are one script: each uses what stands before it."""


def render(page: Page) -> str:
    """Return the page as HTML that asks no network for anything.

    Everything a caller gives is text to the browser and never markup. A content security policy
    allows this page's own style and script, by their digests, and nothing else.
    """
    style = _read("page.css")
    joined = "\n".join(_read(name) for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{joined}\n}})();\n'
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_read("template.html.j2"))
    return template.render(
        page=page,
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=_json(_data(page)),
        cases=[_json(payload) for payload in case_payloads(page)],
        overall=overall_facts(page.provenance),
        grouped=grouped_facts(page.provenance),
        failures=_failures(page.failures),
    )


def _data(page: Page) -> dict[str, Any]:
    """Return what the scripts read when the page opens."""
    with_cases = page.trials["trial_id"].isin(list(page.overlays))
    labels = trial_labels(page.trials[with_cases])
    return {
        "trials": table_of(page.trials),
        "panels": panels_of(page.cells, page.summary, page.curves),
        "viewer": {
            "classes": [
                {"id": i, "name": name, "colour": CLASS_COLOURS[i % len(CLASS_COLOURS)]}
                for i, name in sorted(page.class_names.items())
            ],
            "trials": [{"id": i, "label": labels.get(i, i)} for i in page.overlays],
            "cases": [_case(case) for case in page.cases],
        },
    }


def _case(case: CaseVolume) -> dict[str, Any]:
    aspect = 1.0 if case.spacing_mm is None else case.spacing_mm[1] / case.spacing_mm[2]
    return {
        "id": case.case_id,
        "patient": case.patient_id,
        "shape": list(case.image.shape),
        "aspect": aspect,
    }


def _failures(failures: pd.DataFrame) -> list[dict[str, str]]:
    names = ["trial_id", "label", "state", "error"]
    rows = failures.reindex(columns=names).to_dict("records")
    return [{n: "" if pd.isna(row[n]) else str(row[n]) for n in names} for row in rows]


def _json(content: Any) -> Markup:
    """Return JSON in which no character can end the element that holds it."""
    return htmlsafe_json_dumps(content, allow_nan=False, separators=(",", ":"))


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; img-src data:; style-src {_digest(style)}; "
        f"script-src {_digest(script)}; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
