"""How much annotation a form needs: densities and minutes, areas under curves, and principles."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from scribblebench.report.tables.build import build_table
from scribblebench.report.tables.model import Column, Table, part
from scribblebench.report.tables.numbers import number, share
from scribblebench.report.tables.words import line_keys, line_labels, listed, with_cells

AT_LOWEST, NOT_REACHED = "reached at the lowest density", "not reached"
STATUSES = ("reached", AT_LOWEST, NOT_REACHED)
PRINTED = ("density", "densities", "least", "time", "times", "seconds")
"""What is printed of a target: density and time with their intervals, and what ranks them."""


def targets_table(
    targets: pd.DataFrame, cells: pd.DataFrame, *, allow_partial: bool = False
) -> Table:
    """Return the density and the minutes at which lines reach shares of full supervision.

    "≤ 1" stands for a line that has reached its target at its lowest density already, and
    "not reached" for one that does not reach it at any. The least is the best.

    Raises
    ------
    ValueError
        If a status is none of `STATUSES`.
    """
    unknown = sorted(set(targets["status"]) - set(STATUSES))
    if unknown:
        raise ValueError(f"status must be one of {STATUSES}, got {unknown[0]!r}")
    keys = line_keys(targets)
    own = [*keys, *(["highest_density"] if "highest_density" in targets else [])]
    lines = with_cells(
        targets[own].drop_duplicates(keys, ignore_index=True), cells, allow_partial=allow_partial
    )
    shown = lines.assign(label=line_labels(lines)) if len(lines) else lines.assign(label=[])
    columns = [Column("scribbles", (part("{}", "label"),), align="left")]
    for wanted in sorted(targets["share"].unique()):
        name = f"ED{100 * wanted:.0f}"
        of = targets[targets["share"] == wanted].assign(
            randomness=lambda t: t["randomness"].astype(np.float64)
        )
        rows = shown[[*keys, "lowest", "highest"]].merge(of, on=keys, how="left")
        texts = pd.DataFrame([_texts(row) for row in rows.to_dict("records")])
        for field in texts:
            shown[f"{name} {field}"] = texts[field].to_numpy()
        density = part("{}", f"{name} density"), part("{}", f"{name} densities")
        columns.append(
            Column("density", density, "%", name, best="smallest", value=f"{name} least")
        )
        if of["seconds"].notna().any():
            spent = part("{}", f"{name} time"), part("{}", f"{name} times")
            columns.append(Column("time", spent, "min", name, value=f"{name} seconds"))
    is_priced = bool(targets["seconds"].notna().any())
    time = ", and the time that it takes by the cost model," if is_priced else ""
    return build_table(
        shown,
        columns,
        name="targets",
        caption="Annotation that reaches a share of the Dice of full supervision: ED90 and ED95 "
        f"are the density{time} at which the fitted curve reaches 90 % and 95 % of it [95 % "
        "interval].",
        notes=[
            *_range_note(shown),
            *(["The cost model is not calibrated."] if is_priced else []),
            *_incomplete_note(lines, allow_partial=allow_partial),
        ],
        data=targets,
        within=["dataset"],
        group="dataset" if shown["dataset"].nunique() > 1 else None,
        is_complete=lines["is_complete"].to_numpy(dtype=bool),
        is_ranked=(lines["is_complete"] | allow_partial).to_numpy(dtype=bool),
    )


def area_table(area: pd.DataFrame, cells: pd.DataFrame, *, allow_partial: bool = False) -> Table:
    """Return the area under each line, ranked among lines over the same densities."""
    lines = with_cells(area, cells)
    shown = lines.assign(label=line_labels(lines)) if len(lines) else lines.assign(label=[])
    densities = (part("{}", "from"), part(" to {}", "to"))
    shown = shown.assign(
        **{
            "from": [share(v) for v in shown["density_from"]],
            "to": [share(v) for v in shown["density_to"]],
        }
    )
    return build_table(
        shown,
        [
            Column("scribbles", (part("{}", "label"),), align="left"),
            Column("densities", densities, "%", value="density_from"),
            Column("mean Dice", (part("{:.3f}", "area"),), best="largest"),
            Column("95 % interval", (part("[{:.3f}, {:.3f}]", "low", "high"),)),
        ],
        name="area",
        caption="Mean Dice along the curve over the logarithm of the density (the area under it, "
        "divided by its length), with 95 % intervals over patients.",
        notes=_incomplete_note(lines, allow_partial=allow_partial),
        data=area,
        within=["dataset", "density_from", "density_to"],
        group="dataset" if shown["dataset"].nunique() > 1 else None,
        is_complete=lines["is_complete"].to_numpy(dtype=bool),
        is_ranked=(lines["is_complete"] | allow_partial).to_numpy(dtype=bool),
    )


def principles_table(principles: pd.DataFrame) -> Table:
    """Return the regression of Dice on what describes scribbles (see `whole_r2`)."""
    several = "dataset" in principles and principles["dataset"].nunique() > 1
    r2 = whole_r2(principles)
    whole = (
        "" if math.isnan(r2) else f" Together they explain {number(r2, '.0%')} % of the variance."
    )
    columns = [
        Column("term", (part("{}", "term"),), align="left"),
        Column("coefficient", (part("{:+.1%}", "coefficient"),), unit="points"),
        Column("95 % interval", (part("[{:+.1%}, {:+.1%}]", "low", "high"),)),
        Column("p", (part("{:p}", "p_value"),)),
        Column("alone", (part("{:.0%}", "r2_alone"),), unit="%", group="variance explained"),
        Column("added", (part("{:.0%}", "r2_added"),), unit="%", group="variance explained"),
    ]
    return build_table(
        principles,
        columns,
        name="principles",
        caption="Dice explained by what describes the scribbles: coefficients of a linear "
        f"regression within patients, with 95 % intervals.{whole}",
        notes=[
            "Coefficient: what one unit more of the term adds (for the logarithm of the density: "
            "ten times as much). Alone: explained by this term only. Added: what is explained less "
            "without it."
        ],
        group="dataset" if several else None,
    )


def whole_r2(principles: pd.DataFrame) -> float:
    """Return R² of all terms: the column `r2`, or `attrs["r2"]`; NaN for several data sets."""
    if "r2" in principles:
        values = principles["r2"]
        return float(values.iloc[0]) if values.nunique() == 1 else math.nan
    r2 = principles.attrs.get("r2", math.nan)
    return float(r2) if isinstance(r2, float | int) else math.nan


def _texts(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """Return what is printed of one target, and the value by which it is ranked."""
    texts: dict[str, Any] = dict.fromkeys(PRINTED, math.nan)
    status, lowest, highest = row["status"], row["lowest"], row["highest"]
    if not isinstance(status, str):
        return texts
    if math.isfinite(row["density_low"]):
        ends = [density_end(row[f"density_{end}"], lowest, highest) for end in ("low", "high")]
        texts["densities"] = f" [{ends[0]}, {ends[1]}]"
    if status == NOT_REACHED:
        return texts | {"density": NOT_REACHED, "time": "-"}
    sign = "≤ " if status == AT_LOWEST else ""
    texts |= {"density": sign + share(row["density"]), "least": row["density"]}
    if not math.isnan(row["seconds"]):
        texts |= {"time": sign + number(row["seconds"] / 60, ".0f"), "seconds": row["seconds"]}
        low, high = (row[f"seconds_{end}"] / 60 for end in ("low", "high"))
        if math.isfinite(low):
            texts["times"] = f" [{low:.0f}, {f'{high:.0f}' if math.isfinite(high) else '-'}]"
    return texts


def density_end(value: float, lowest: float, highest: float) -> str:
    """Return an end of an interval of densities in per cent.

    "> 30" where it lies beyond the highest density that was run (missing or infinite), and "≤ 1"
    where it lies at the lowest.
    """
    if not math.isfinite(value):
        return "∞" if math.isnan(highest) else f"> {share(highest)}"
    return f"≤ {share(lowest)}" if value <= lowest else share(value)


def _range_note(shown: pd.DataFrame) -> list[str]:
    """Say over which densities the lines go, each where they differ."""
    known = shown[shown["lowest"].notna() & shown["highest"].notna()]
    ranges = {
        str(label): f"{share(low)} to {share(high)} %"
        for label, low, high in zip(known["label"], known["lowest"], known["highest"], strict=True)
    }
    if not ranges:
        return []
    if len(set(ranges.values())) == 1:
        over = f"Curves go over densities from {next(iter(ranges.values()))}"
        return [f"{over}; not reached: at none of them."]
    of_each = [
        f"{listed([name for name, own in ranges.items() if own == span])} from {span}"
        for span in dict.fromkeys(ranges.values())
    ]
    return [f"Curves go over densities that differ: {'; '.join(of_each)}. Not reached: at none."]


def _incomplete_note(lines: pd.DataFrame, *, allow_partial: bool) -> list[str]:
    lacking = lines[~lines["is_complete"].astype(bool)]
    if lacking.empty:
        return []
    labels = line_labels(lines)
    named = [
        f"{labels[i]} at {lines['missing'].iloc[i]}" for i in np.flatnonzero(~lines["is_complete"])
    ]
    ranked = "ranked on request" if allow_partial else "not ranked"
    return [f"† Incomplete, {ranked}: {'; '.join(named)}."]
