"""The lines, points and levels of the efficiency curves: how they are called and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from scribblebench.report.style import COLOURS, MARKERS

KEYS = ["form", "method", "randomness"]
"""What names a series."""

N_COLOURS = len(COLOURS) - 1
"""The last one, black, is kept for full supervision and would not be seen on a dark page."""

DASHES = ("", "6 3", "2 3", "8 3 2 3")

GIVEN_MARKERS = ("*", *MARKERS)
"""Of scribbles that come with the data: a star, and others where several methods use them."""

Kind = Literal["line", "point", "level"]


@dataclass(frozen=True)
class Series:
    """Cells that differ in density alone, and their look.

    Parameters
    ----------
    form, method : str
    randomness : float
        NaN for full supervision and for scribbles that come with the data.
    label : str
        Holds only what varies.
    colour, marker, dash : str
        A CSS colour; a marker as Matplotlib names it; an SVG dash pattern.
    """

    form: str
    method: str
    randomness: float
    label: str
    colour: str
    marker: str
    dash: str

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table with the columns `KEYS` that belong to the series."""
        return table[_has(table, self.form, self.method, self.randomness)]


def _has(table: pd.DataFrame, form: str, method: str, randomness: float) -> pd.Series:
    values = table["randomness"]
    same = values.isna() if pd.isna(randomness) else values == randomness
    return (table["form"] == form) & (table["method"] == method) & same


def kind_of(members: pd.DataFrame) -> Kind:
    """Return how cells of one series are drawn.

    A line where they have a density; else a point at their measured share, where that is known;
    full supervision is a level.
    """
    if (members["form"] == "dense").any():
        return "level"
    if members["density"].notna().any():
        return "line"
    return "point" if members["annotated_fraction"].notna().all() else "level"


def series_of(points: pd.DataFrame) -> list[Series]:
    """Return the series of a table of cells, by form in the order of the cells.

    A form has one colour. Where each form has one line its marker tells it apart as well, for
    those who see no colours; else marker and dashes tell methods and values of randomness apart.
    Scribbles that come with the data stand after the lines, and full supervision last.

    Parameters
    ----------
    points : DataFrame
        `KEYS` and `density` of each cell.
    """
    scribbled = points[points["form"] != "dense"]
    forms = list(dict.fromkeys(scribbled["form"]))
    varied = {name: scribbled[name].nunique() > 1 for name in ("method", "randomness")}
    several = any(varied.values())
    ordered = points[KEYS].drop_duplicates()
    ordered["place"] = [forms.index(f) if f in forms else len(forms) for f in ordered["form"]]
    ordered["given"] = ordered["randomness"].isna()
    ordered = ordered.sort_values(["given", "place", "method", "randomness"], kind="stable")
    looks = _looks(scribbled)
    densities = scribbled.groupby(KEYS)["density"].nunique()
    dashed = _looks(densities[densities > 1].reset_index())
    found = []
    n_given = dict.fromkeys(forms, 0)
    for form, method, randomness, place, given in ordered.itertuples(index=False):
        label = _label(form, method, randomness, varied)
        if form not in forms:
            found.append(Series(form, method, randomness, label, "currentColor", "D", ""))
            continue
        look = (method, randomness)
        dash = DASHES[dashed.index(look) % len(DASHES)] if several and look in dashed else ""
        if given:
            marker = GIVEN_MARKERS[n_given[form] % len(GIVEN_MARKERS)]
            n_given[form] += 1
        else:
            marker = MARKERS[(looks.index(look) if several else place) % len(MARKERS)]
        colour = COLOURS[place % N_COLOURS]
        found.append(Series(form, method, randomness, label, colour, marker, dash))
    return found


def _looks(table: pd.DataFrame) -> list[tuple[str, float]]:
    """Return the distinct pairs of method and randomness, sorted."""
    drawn = table[table["randomness"].notna()]
    return sorted(set(zip(drawn["method"], drawn["randomness"], strict=True)))


def _label(form: str, method: str, randomness: float, varied: Mapping[str, bool]) -> str:
    if form == "dense":
        return "full supervision" if method == "full" else f"full supervision ({method})"
    given = pd.isna(randomness)
    parts = [form.replace("_", " ") + (" scribbles" if given else "")]
    if varied["method"]:
        parts.append(method)
    if varied["randomness"] and not given:
        parts.append(f"randomness {randomness:g}")
    return ", ".join(parts)
