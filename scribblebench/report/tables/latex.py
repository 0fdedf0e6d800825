"""Tables as LaTeX that goes into a paper as it stands; needs booktabs and graphicx."""

from __future__ import annotations

from scribblebench.report.tables.markdown import notes_of
from scribblebench.report.tables.model import Entry, Row, Table

CHARACTERS = {
    **{c: rf"\{c}" for c in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    '"': "''",
    "\N{MINUS SIGN}": r"$-$",
    "\N{EN DASH}": r"--",
    "±": r"$\pm$",
    "∞": r"$\infty$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "→": r"$\rightarrow$",
    "\N{GREEK SMALL LETTER ALPHA}": r"$\alpha$",
    "β": r"$\beta$",
    "\N{GREEK SMALL LETTER GAMMA}": r"$\gamma$",
    "λ": r"$\lambda$",
    "µ": r"$\mu$",
    "μ": r"$\mu$",
    "π": r"$\pi$",
    "\N{GREEK SMALL LETTER SIGMA}": r"$\sigma$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "²": r"$^2$",
    "δ": r"$\delta$",
    "τ": r"$\tau$",
    "†": r"$^{\dagger}$",
    "‡": r"$^{\ddagger}$",
    "\N{NO-BREAK SPACE}": "~",
}
"""What characters are in LaTeX's text mode, with the default encoding of its fonts."""

LAST_LATIN = "\u017f"
"""The last character that pdflatex's own fonts have letters for."""

WIDE = 70
"""Characters in a line of a table above which it spans both columns of a page."""


def to_latex(table: Table) -> str:
    r"""Return a `table` environment, or `table*` for a wide table, with caption and label.

    The best is bold, the second underlined; headings of columns span them with a `\cmidrule`,
    those of rows stand in a line of their own. Rows without all their seeds have a dagger.
    """
    kind = "table*" if _width(table) > WIDE else "table"
    alignment = "".join("l" if column.align == "left" else "r" for column in table.columns)
    lines = [
        r"% needs \usepackage{booktabs,graphicx}",
        rf"\begin{{{kind}}}[tbp]",
        r"\centering",
        rf"\caption{{{escape(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
        r"\footnotesize\setlength{\tabcolsep}{4pt}",
        # Scaled down where it would be wider than the text, and never up.
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{@{{}}{alignment}@{{}}}}",
        r"\toprule",
        *_head(table),
        r"\midrule",
    ]
    for i, (group, rows) in enumerate(table.groups()):
        if i:
            lines.append(r"\addlinespace")
        if group:
            span = len(table.columns)
            lines.append(rf"\multicolumn{{{span}}}{{@{{}}l}}{{\emph{{{escape(group)}}}}} \\")
        lines += [_row(row) for row in rows]
    lines += [r"\bottomrule", r"\end{tabular}}"]
    if notes := notes_of(table):
        text = " ".join(escape(note) for note in notes)
        lines += [r"\par\smallskip", rf"\parbox{{\linewidth}}{{\footnotesize {text}}}"]
    text = "\n".join([*lines, rf"\end{{{kind}}}"]) + "\n"
    foreign = sorted({c for c in text if c > LAST_LATIN})
    if foreign:
        text = f"% needs lualatex or xelatex and a font with {' '.join(foreign)}\n{text}"
    return text


def escape(text: str) -> str:
    """Return text that LaTeX sets as it is, on one line."""
    return "".join(CHARACTERS.get(c, c) for c in text.replace("\n", " "))


def _head(table: Table) -> list[str]:
    """Return the headers of columns, below the headings that span several."""
    lines = []
    if any(column.group for column in table.columns):
        upper, rules, at = [], "", 1
        for group, width in table.spans():
            upper.append(rf"\multicolumn{{{width}}}{{c}}{{{escape(group)}}}" if group else "")
            rules += rf"\cmidrule(lr){{{at}-{at + width - 1}}}" if group else ""
            at += width
        lines += [rf"{' & '.join(upper)} \\", rules]
    lines.append(rf"{' & '.join(escape(c.header) for c in table.columns)} \\")
    if any(column.unit for column in table.columns):
        # Units in a line of their own, as beside the names they would widen the columns.
        units = [f"({escape(c.unit)})" if c.unit else "" for c in table.columns]
        lines.append(rf"{' & '.join(units)} \\")
    return lines


def _row(row: Row) -> str:
    first, *others = [_cell(entry) for entry in row.entries]
    if first.startswith(("[", "*")):  # the line break before would take it for its argument
        first = f"{{}}{first}"
    return rf"{' & '.join([first + ('' if row.is_complete else CHARACTERS['†']), *others])} \\"


def _cell(entry: Entry) -> str:
    lead = escape(entry.lead)
    marked = {"best": rf"\textbf{{{lead}}}", "second": rf"\underline{{{lead}}}", "": lead}
    sign = rf"$^{{{_superscript(entry.sign)}}}$" if entry.sign else ""
    return marked[entry.mark] + escape(entry.rest) + sign


def _superscript(sign: str) -> str:
    return sign.replace("†", r"\dagger").replace("*", r"\ast")


def _width(table: Table) -> int:
    """Return the characters of the longest line, were it set in columns of one width each."""
    widths = [
        max([len(c.header), len(c.unit) + 2] + [len(row.entries[i].text) for row in table.rows])
        for i, c in enumerate(table.columns)
    ]
    return sum(widths) + 2 * len(widths)
