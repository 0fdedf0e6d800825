"""One panel of efficiency curves: lines, given scribbles and the level of full supervision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter
from matplotlib.transforms import blended_transform_factory

from scribblebench.report.figures.layout import apart, look, settle, shifted, spread
from scribblebench.report.figures.points import LINE, matching, varying
from scribblebench.report.style import COLOURS, GREY, Style, StyledFigure

TARGETS = (0.95, 0.9)
"""Shares of full supervision that are drawn beside it."""

STARS = ("*", "P", "X")
"""Markers of given scribbles: the next one where the palette begins again."""

BAND = 0.13
"""Opacity of bands, four of which may lie over each other."""

MOST_LINES = 7
"""Lines of a panel, one a colour; where there are more, fits have no band."""


def draw_curves(axes: Axes, points: pd.DataFrame, whole: pd.DataFrame, style: Style) -> None:
    """Draw all cells of one class, in the colours that they have in `whole`: all the classes."""
    means = whole[whole["kind"] == "mean"]
    scribbled = means[means["form"] != "dense"]
    is_drawn = scribbled["density"].notna()
    lines = scribbled.loc[is_drawn, LINE].drop_duplicates(ignore_index=True)
    given = scribbled.loc[~is_drawn, LINE].drop_duplicates(ignore_index=True)
    several = varying(pd.concat([lines, given]), ("method", "randomness"))
    for i, (_, line) in enumerate(lines.iterrows()):
        label = ", ".join([str(line["form"]), *(_named(c, line[c]) for c in several)])
        chosen = matching(points, line, LINE)
        _draw_line(axes, chosen, label, look(i), style, has_band=len(lines) <= MOST_LINES)
    for i, (_, line) in enumerate(given.iterrows(), start=len(lines)):
        chosen = matching(points, line, LINE)
        label = f"{line['form']} scribbles"
        if "method" in several:
            label += f" ({line['method']})"
        colour, marker = COLOURS[i % len(COLOURS)], STARS[i // len(COLOURS) % len(STARS)]
        mean = chosen[chosen["kind"] == "mean"]
        if mean["annotated_fraction"].isna().all():
            _draw_level(axes, mean, colour, ":", f"{label}, of unknown share")
        else:
            _draw_stars(axes, chosen, colour, marker, label, style)
    for method, full in _full(points).groupby("method", sort=False):
        _draw_level(axes, full, GREY, "--", f"dense labels ({method})")
    for value in list(_levels(points).values())[1:]:
        axes.axhline(value, color=GREY, linestyle=(0, (1, 2)), linewidth=style.thin_pt)


def _full(points: pd.DataFrame) -> pd.DataFrame:
    return points[(points["form"] == "dense") & (points["kind"] == "mean")]


def _levels(points: pd.DataFrame) -> dict[str, float]:
    """Return the levels of the best full supervision by what is written beside them."""
    full = _full(points)["value"].max()
    if pd.isna(full):
        return {}
    return {"full": full, **{f"{100 * share:.0f} %": share * full for share in TARGETS}}


def _draw_line(
    axes: Axes,
    points: pd.DataFrame,
    label: str,
    shown: dict[str, Any],
    style: Style,
    *,
    has_band: bool,
) -> None:
    """Draw fit and band, or the means joined, then means with intervals, and seeds."""
    colour = shown["color"]
    fit, means, seeds = (
        points[points["kind"] == kind].sort_values("density") for kind in ("fit", "mean", "seed")
    )
    if len(fit) and has_band:
        axes.fill_between(
            fit["density"], fit["low"], fit["high"], color=colour, alpha=BAND, linewidth=0
        )
    line = fit if len(fit) else means
    if len(line) > 1:
        axes.plot(line["density"], line["value"], color=colour, linestyle=shown["linestyle"])
    axes.vlines(
        means["density"], means["low"], means["high"], color=colour, linewidth=style.thin_pt
    )
    is_whole = means["is_complete"].fillna(True).astype(bool)
    for chosen, face in ((means[is_whole], colour), (means[~is_whole], "white")):
        axes.plot(
            chosen["density"],
            chosen["value"],
            shown["marker"],
            color=colour,
            markerfacecolor=face,
        )
    _draw_seeds(axes, seeds["density"], seeds["value"], colour, style)
    axes.plot([], [], **shown, label=label)


def _draw_seeds(axes: Axes, x: pd.Series, y: pd.Series, colour: str, style: Style) -> None:
    """Draw dots right of the mean, which would cover them."""
    beside = shifted(axes, axes.transData, x_pt=0.9 * style.marker_pt)
    axes.plot(x, y, "o", color=colour, markersize=style.dot_pt, markeredgewidth=0, transform=beside)


def _draw_level(axes: Axes, mean: pd.DataFrame, colour: str, linestyle: str, label: str) -> None:
    for _, point in mean.iterrows():
        axes.axhspan(point["low"], point["high"], color=colour, alpha=BAND, linewidth=0)
        axes.axhline(point["value"], color=colour, linestyle=linestyle, label=label)


def _draw_stars(
    axes: Axes, points: pd.DataFrame, colour: str, marker: str, label: str, style: Style
) -> None:
    mean, seeds = (points[points["kind"] == kind] for kind in ("mean", "seed"))
    x, size = mean["annotated_fraction"], (2.2 if marker == "*" else 1.6) * style.marker_pt
    axes.vlines(x, mean["low"], mean["high"], color=colour, linewidth=style.thin_pt)
    axes.plot(x, mean["value"], marker, color=colour, markersize=size, label=label)
    _draw_seeds(axes, seeds["annotated_fraction"], seeds["value"], colour, style)


def _named(column: str, value: object) -> str:
    return f"randomness {value:g}" if column == "randomness" else str(value)


def format_density_axis(axes: Axes, points: pd.DataFrame, width_em: float) -> None:
    """Make the x axis logarithmic, with a tick in per cent at each density of the sweep.

    Ticks whose labels would touch on an axis of this width have none.
    """
    means = points[(points["kind"] == "mean") & (points["form"] != "dense")]
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.xaxis.set_minor_formatter(NullFormatter())
    shares = means["density"].fillna(means["annotated_fraction"]).dropna()
    if shares.empty:  # only levels are drawn, and a scale would mean nothing
        axes.set_xticks([])
        return
    low, high = shares.min() / 1.3, min(1.0, shares.max() * 1.3)
    axes.set_xlim(low, high)
    ticks = sorted(means["density"].dropna().unique())
    if not ticks:
        ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
        ticks = [t for t in ticks if low <= t <= high] or [float(shares.median())]
    places = [float(np.log(t / low) / np.log(high / low)) for t in ticks]
    kept = apart(places, 3.4 / max(width_em, 1.0))
    labelled = [t for t, keep in zip(ticks, kept, strict=True) if keep]
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: f"{100 * x:.3g} %" if np.isclose(x, labelled).any() else "")
    )


def label_levels(axes: Axes, points: pd.DataFrame, style: Style) -> None:
    """Write at the right edge which level is full supervision, and which a share of it.

    Words that would meet are moved apart, so the axes must have its final size.
    """
    levels = _levels(points)
    low, high = axes.get_ylim()
    per_pt = (high - low) / (axes.get_window_extent().height / axes.figure.dpi * 72)
    places = spread(list(levels.values()), 1.15 * style.small_pt * per_pt)
    beside = blended_transform_factory(axes.transAxes, axes.transData)
    for name, y in zip(levels, places, strict=True):
        axes.text(
            1.02,
            y,
            name,
            transform=beside,
            fontsize=style.small_pt,
            va="center",
            color=GREY,
        )


def limits_of(points: pd.DataFrame) -> tuple[float, float]:
    """Return the range of Dice that holds all that is drawn, with a margin."""
    values = points[["value", "low", "high"]].to_numpy(dtype=np.float64)
    found = [*values[np.isfinite(values)], *(min(TARGETS) * _full(points)["value"].dropna())]
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    margin = max(0.04 * (high - low), 0.005)
    return max(low - margin, 0.0), min(high + margin, 1.0)


def reserve_level_labels(figure: StyledFigure, panels: Sequence[Axes], style: Style) -> None:
    """Lay the figure out with room for the words that `label_levels` will write."""
    words = [axes.text(1.02, 0.5, "95 %", transform=axes.transAxes) for axes in panels]
    for word in words:
        word.set_fontsize(style.small_pt)
    settle(figure)
    for word in words:
        word.remove()
