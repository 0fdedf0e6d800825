"""Words that tables and findings share: counts, lists, intervals, names of settings."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scribblebench.report.tables.numbers import number, p_value, share

LINE = ["dataset", "form", "method", "randomness"]
"""Columns that name a line of the efficiency plot, with `split` where a table has it: its
densities are compared."""

DENSE = "dense"
"""Form of the cells with full supervision."""


def counted(n: int, noun: str, plural: str = "") -> str:
    """Return "1 seed" or "3 seeds"."""
    return f"{n} {noun if n == 1 else plural or f'{noun}s'}"


def spanned(values: Iterable[float], noun: str) -> str:
    """Return "10 patients", or "8 to 10 patients" where the numbers differ; "" for none."""
    numbers = sorted({int(v) for v in values if not math.isnan(v)})
    if not numbers:
        return ""
    least, greatest = numbers[0], numbers[-1]
    return counted(least, noun) if least == greatest else f"{least} to {counted(greatest, noun)}"


def listed(items: Sequence[str], most: int | None = None) -> str:
    """Return "a, b and c", or "a, b and 3 more"."""
    if most is not None and len(items) > most:
        items = [*items[:most], f"{len(items) - most} more"]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def capped(items: Sequence[str], most: int) -> str:
    """Return `listed`, which sends the reader to the table for what it leaves out."""
    return listed(items, most) + (" (see the table)" if len(items) > most else "")


def points(difference: float) -> str:
    """Return a difference of Dice without its sign in points, hundredths of Dice."""
    return f"{number(100.0 * abs(difference), '.1f')} points"


def interval_of_points(
    low: float, high: float, *, below: str = "below", above: str = "above", level: float = 0.95
) -> str:
    """Return the interval of a difference in words that need no sign.

    "95 % interval 0.6 to 6.1" where both ends lie on one side; else both sides are named.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "no interval"
    name = f"{100.0 * level:g} % interval"
    ends = [f"{100.0 * abs(v):.1f}" for v in (low, high)]
    if high <= 0.0:
        return f"{name} {ends[1]} to {ends[0]}"
    if low >= 0.0:
        return f"{name} {ends[0]} to {ends[1]}"
    return f"{name} from {ends[0]} {below} to {ends[1]} {above}"


def crosses(low: float, high: float, at: float = 0.0) -> bool:
    """Tell whether a range lies on both sides of a value; one that is not known does not."""
    return low < at < high


def turned(gap: Mapping[Hashable, Any]) -> bool:
    """Tell whether seeds taken alone lie on both sides of the margin, where that is known."""
    ends = gap.get("seed_low", math.nan), gap.get("seed_high", math.nan)
    return crosses(*ends, at=-gap["margin"])


def by_seed(low: float, high: float, *, below: str = "worse", above: str = "better") -> str:
    """Return the differences that seeds alone give: "by seed from 1.3 worse to 1.4 better"."""
    ends = [f"{100.0 * abs(v):.1f} {below if v < 0 else above}" for v in (low, high)]
    return f"by seed from {ends[0]} to {ends[1]}"


def p_text(p: float) -> str:
    """Return "p = .021", or "p < .001"."""
    text = p_value(p)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def in_dataset(dataset: str, cells: pd.DataFrame) -> str:
    """Return the beginning of a sentence about one of several data sets; "" where there is one."""
    return f"{dataset}: " if cells["dataset"].nunique() > 1 else ""


def rate(value: float) -> str:
    """Return a rate in per cent that is 0 or 100 only where it is none or all."""
    if 0.0 < value < 0.005:
        return "less than 1"
    if 0.995 <= value < 1.0:
        return "more than 99"
    return number(value, ".0%")


def margin_of_points(margin: float) -> str:
    """Return a margin of Dice in points, with a decimal only where it has one."""
    return f"{100.0 * margin:.3g}"


def minutes(seconds: float) -> str:
    """Return a time in minutes, or in hours from two hours on."""
    spent = seconds / 60.0
    if spent >= 120.0:
        return f"{spent / 60.0:.1f} hours"
    return f"{spent:.1f} minutes" if spent < 9.95 else f"{spent:.0f} minutes"


def is_dense(cells: pd.DataFrame) -> pd.Series:
    """Tell which cells are full supervision: their density may or may not be given."""
    return cells["form"] == DENSE


def usable(cells: pd.DataFrame, *, allow_partial: bool) -> pd.Series:
    """Tell which cells may be ranked and compared: those with all their seeds."""
    whole = cells["is_complete"].astype(bool)
    return whole | allow_partial


def line_labels(lines: pd.DataFrame) -> list[str]:
    """Name lines of a data set's efficiency plot by form, and by what else differs between them.

    Parameters
    ----------
    lines : DataFrame
        With the columns `LINE`.
    """
    named_by = ("method", "randomness", *line_keys(lines)[len(LINE) :])
    varied = [c for c in named_by if lines[c].nunique(dropna=False) > 1]
    labels = []
    for line in lines.to_dict("records"):
        named = [str(line["form"])]
        for column in varied:
            if isinstance(line[column], str):
                named.append(line[column])
            elif not math.isnan(line[column]):
                named.append(f"{column} {line[column]:g}")
        labels.append(", ".join(named))
    return labels


def line_keys(lines: pd.DataFrame) -> list[str]:
    """Return the columns that name the lines of a table."""
    return [*LINE, *(["split"] if "split" in lines else [])]


def with_cells(
    lines: pd.DataFrame, cells: pd.DataFrame, *, allow_partial: bool = False
) -> pd.DataFrame:
    """Add to lines what their cells say: `lowest` and `highest` density, `is_complete`, `missing`.

    The densities are those that a line goes over: of cells with all their seeds unless
    `allow_partial`, and up to the line's own `highest_density` where it has one. `missing` names
    the cells that lack seeds: "10 % (2/3 seeds)".
    """
    keys = line_keys(lines)
    drawn = cells[~is_dense(cells) & cells["density"].notna()]
    rows = []
    for key, group in drawn.groupby(keys, dropna=False, sort=False):
        lacking = group[~group["is_complete"].astype(bool)].sort_values("density")
        used = group.loc[usable(group, allow_partial=allow_partial), "density"]
        named = [
            f"{share(d)} % ({n:.0f}/{of:.0f} seeds)"
            for d, n, of in lacking[["density", "n_seeds", "n_planned"]].to_numpy(np.float64)
        ]
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                "lowest": used.min(),
                "highest": used.max(),
                "is_complete": lacking.empty,
                "missing": listed(named),
            }
        )
    found = pd.DataFrame(rows, columns=[*keys, "lowest", "highest", "is_complete", "missing"])
    keyed = lines.assign(randomness=lines["randomness"].astype(np.float64))
    found["randomness"] = found["randomness"].astype(np.float64)
    merged = keyed.merge(found, on=keys, how="left", validate="many_to_one")
    if "highest_density" in merged:
        merged["highest"] = merged["highest_density"].fillna(merged["highest"])
    # A line without cells is taken as it is: nothing says that it lacks anything.
    merged["is_complete"] = ~merged["is_complete"].astype(object).eq(False)
    merged["missing"] = merged["missing"].fillna("")
    return merged
