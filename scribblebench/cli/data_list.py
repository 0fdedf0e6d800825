"""`scribblebench data list`: which data sets there are, and what they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scribblebench.cli.tables import print_table
from scribblebench.data import DATASETS
from scribblebench.data.opening import options_of
from scribblebench.types import LabelSpec


def list_datasets(
    name: Annotated[
        str | None, typer.Argument(help="A data set, to be told all of it.", metavar="NAME")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the data sets that can be read, or say all there is to know of one.

    That is what they are, where to get them under which licence, how they are split and which
    options they have. No data are needed.
    """
    found = {n: _described(n) for n in ([name] if name else DATASETS.names())}
    if as_json:
        content: Any = found[name] if name else list(found.values())
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    if name:
        Console(highlight=False, soft_wrap=True).print(_all_of(found[name]))
    else:
        print_table(_table(list(found.values())))


def _described(name: str) -> dict[str, Any]:
    """Return all facts of a data set."""
    factory = DATASETS[name]
    labels = getattr(factory, "labels", None)  # of some, it is known only once they are open
    described = {"name": name, **asdict(factory.facts)}
    described["channels"] = list(factory.facts.channels)
    described["classes"] = list(labels.class_names) if isinstance(labels, LabelSpec) else None
    described["options"] = {
        option: None if p.default is p.empty else p.default
        for option, p in options_of(name).items()
    }
    return described


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1), pad_edge=False)
    table.add_column("name", no_wrap=True)
    for column in ("data set", "images", "classes"):
        table.add_column(column)
    table.add_column("patients", justify="right")
    table.add_column("licence")
    table.add_column("where", no_wrap=True, overflow="fold")
    for one in found:
        table.add_row(
            *(one["name"], one["title"], _images(one), _classes(one)),
            *("" if one["n_patients"] is None else str(one["n_patients"]), one["licence"]),
            one["url"] or "-",
        )
    return table


def _images(one: dict[str, Any]) -> str:
    """Return the modality, with the channels where there are several."""
    channels = one["channels"]
    return f"{one['modality']} ({', '.join(channels)})" if len(channels) > 1 else one["modality"]


def _classes(one: dict[str, Any]) -> str:
    return "as the data say" if one["classes"] is None else ", ".join(one["classes"][1:])


def _all_of(one: dict[str, Any]) -> Text:
    """Return all facts, a line each."""
    classes = enumerate(one["classes"] or [])
    values = {
        "name": one["name"],
        "title": one["title"],
        "modality": one["modality"],
        "channels": ", ".join(one["channels"]) or "as the data say",
        "classes": ", ".join(f"{i} {c}" for i, c in classes) or "as the data say",
        "patients": "as the data say" if one["n_patients"] is None else str(one["n_patients"]),
        "split": one["split"],
        "licence": one["licence"],
        "citation": one["citation"],
        "where": one["url"] or "-",
        "options": ", ".join(f"{k} = {_text(v)}" for k, v in one["options"].items()) or "none",
    }
    return Text("\n".join(f"{key:<9} {value}" for key, value in values.items()))


def _text(value: Any) -> str:
    """Return a value of an option as one may type it, which is YAML and JSON alike."""
    return json.dumps(value, ensure_ascii=False)
