"""Marks, and one small table in every format."""

import io
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from scribblebench.report.tables import latex as latex_module
from scribblebench.report.tables import markdown as markdown_module
from scribblebench.report.tables.build import build_table
from scribblebench.report.tables.csv import to_csv
from scribblebench.report.tables.html import to_html
from scribblebench.report.tables.latex import to_latex
from scribblebench.report.tables.markdown import to_markdown
from scribblebench.report.tables.model import Column, part
from scribblebench.report.tables.numbers import MINUS, number, p_value, share
from scribblebench.report.typesetting import FORMATS


def small(values=(0.9, 0.8, 0.7), **options):
    """Return a table of names and values with a spread."""
    data = pd.DataFrame(
        {"name": [f"row {i}" for i in range(len(values))], "x": values, "sd": 0.0123}
    )
    options.setdefault("columns", [name_column(), value_column()])
    columns = options.pop("columns")
    return build_table(data, columns, name="small", caption="Small.", **options)


def name_column():
    return Column("name", (part("{}", "name"),), align="left")


def value_column(best="largest", **options):
    parts = part("{:.3f}", "x"), part(" ± {:.3f}", "sd")
    return Column("Dice", parts, best=best, **options)


def marks(table):
    return [row.entries[1].mark for row in table.rows]


def test_numbers_print_what_is_known_of_them():
    assert number(float("nan"), ".1f") == "-"
    assert (number(float("inf"), ".1f"), number(-float("inf"), ".1f")) == ("∞", f"{MINUS}∞")
    assert (number(-0.5, ".2f"), number(0.5, "+.2f")) == (f"{MINUS}0.50", "+0.50")
    assert (number(-0.0001, ".1f"), number(-0.0001, "+.1f")) == ("0.0", "0.0")
    assert (number(0.1234, ".1%"), number(-0.1234, "+.1%")) == ("12.3", f"{MINUS}12.3")
    assert number(1e-5, "g") == "1e-05"
    assert [share(v) for v in (0.0312, 0.122, 0.0995, 1.0, 0.003)] == [
        "3.1",
        "12",
        "10",
        "100",
        "0.3",
    ]


def test_p_values_that_are_significant_look_so():
    assert [p_value(p) for p in (0.0312, 0.0004, 1.0, 0.37)] == [".031", "<.001", "1", ".370"]
    assert (p_value(0.04996), p_value(0.05), p_value(float("nan"))) == (".04996", ".050", "-")


def test_best_and_second_by_direction():
    assert marks(small((0.9, 0.8, 0.7))) == ["best", "second", ""]
    columns = [name_column(), value_column("smallest")]
    assert marks(small((0.9, 0.8, 0.7), columns=columns)) == ["", "second", "best"]
    assert marks(small((0.9, 0.8), columns=[name_column(), value_column(None)])) == ["", ""]


def test_values_that_look_alike_are_marked_alike():
    """.8996 and .9001 print as .900: two bests, and so no second."""
    assert marks(small((0.9001, 0.8996, 0.8))) == ["best", "best", ""]
    assert marks(small((0.9, 0.8004, 0.7996, 0.1))) == ["best", "second", "second", ""]


def test_nothing_is_best_of_one_or_of_equals():
    assert marks(small((0.9,))) == [""]
    assert marks(small((0.9, 0.9, 0.9))) == ["", "", ""]
    assert marks(small((0.9, 0.8))) == ["best", ""]


def test_rows_that_are_not_ranked_missing_or_infinite_are_never_marked():
    ranked = np.array([False, True, True, True])
    assert marks(small((0.9, 0.8, 0.7, 0.6), is_ranked=ranked)) == ["", "best", "second", ""]
    incomplete = np.array([False, True, True, True])
    assert marks(small((0.9, 0.8, 0.7, 0.6), is_complete=incomplete))[0] == ""
    columns = [name_column(), value_column("smallest")]
    values = (1.0, np.nan, np.inf, 2.0)
    assert marks(small(values, columns=columns)) == ["best", "", "", ""]


def test_rows_are_ranked_among_their_group_and_stand_under_its_heading():
    data = pd.DataFrame({"name": list("abcd"), "x": [1.0, 3.0, 2.0, 4.0], "at": ["p", "q"] * 2})
    columns = [name_column(), Column("x", (part("{:.0f}", "x"),), best="largest")]
    table = build_table(data, columns, name="t", caption="", group="at", within=["at"])
    assert [(g, [r.entries[0].lead for r in rows]) for g, rows in table.groups()] == [
        ("p", ["a", "c"]),
        ("q", ["b", "d"]),
    ]
    assert marks(table) == ["", "best", "", "best"]


def test_parts_with_missing_fields_are_left_out_and_a_missing_value_is_a_hyphen():
    data = pd.DataFrame({"name": ["a", "b"], "x": [0.5, np.nan], "sd": [np.nan, 0.1]})
    table = build_table(data, [name_column(), value_column()], name="t", caption="")
    assert [row.entries[1].text for row in table.rows] == ["0.500", "-"]


GOLDEN = pd.DataFrame(
    {
        "name": ["a_b", "c & d", "<e>|"],
        "x": [0.9, 0.8123456789012345, 0.7],
        "sd": [0.01, np.nan, 0.02],
        "p": [0.03, np.nan, np.inf],
    }
)


def golden():
    """One of everything: groups, units, marks, signs, an incomplete row, special characters."""
    return build_table(
        GOLDEN,
        [
            name_column(),
            value_column(group="of 100 %"),
            Column("HD", (part("{:.1f}", "p"),), unit="mm", group="of 100 %"),
        ],
        name="golden",
        caption="Dice ± sd, n = 3.",
        notes=["* p < .05."],
        is_complete=np.array([True, True, False]),
        is_ranked=np.array([True, True, True]),
        signs={(0, "x"): "*"},
    )


def test_csv_holds_the_raw_numbers():
    text = to_csv(golden())
    assert text.splitlines()[1:] == [
        "a_b,0.9,0.01,0.03",
        "c & d,0.8123456789012345,,",
        "<e>|,0.7,0.02,inf",
    ]
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(text)), GOLDEN)


def test_markdown():
    assert to_markdown(golden()) == (
        "Dice ± sd, n = 3.\n\n"
        "| name | of 100 %: Dice | of 100 %: HD (mm) |\n"
        "| :--- | ---: | ---: |\n"
        "| a_b | **0.900** ± 0.010<sup>\\*</sup> | 0.0 |\n"
        "| c & d | <u>0.812</u> | - |\n"
        "| \\<e>\\| † | 0.700 ± 0.020 | ∞ |\n\n"
        "\\* p < .05.\n\n"
        "Best in bold, second best underlined.\n"
    )


def test_markdown_escapes_only_what_means_something():
    escape = markdown_module.escape
    assert escape("plus_x [0.1, 0.2] p < .05") == "plus_x [0.1, 0.2] p < .05"
    assert escape("_a_ *b* `c` <d> [e](f) a|b &lt; \\") == (
        "\\_a\\_ \\*b\\* \\`c\\` \\<d> [e\\](f) a\\|b \\&lt; \\\\"
    )
    assert escape("two\nlines") == "two lines"


def test_html_is_well_formed_and_has_scopes():
    text = to_html(golden())
    root = ElementTree.fromstring(text.replace("&nbsp;", " "))
    assert root.find("caption").text == "Dice ± sd, n = 3."
    first, second = root.find("thead")
    assert [(c.get("scope"), c.get("rowspan"), c.get("colspan")) for c in first] == [
        ("col", "2", None),
        ("colgroup", None, "2"),
    ]
    assert ["".join(c.itertext()) for c in second] == ["Dice", "HD (mm)"]
    rows = list(root.find("tbody"))
    assert ["".join(c.itertext()) for c in rows[2]] == ["<e>|†", "0.700 ± 0.020", "∞"]
    assert [c.tag for c in rows[0]] == ["th", "td", "td"]
    assert rows[0][0].get("scope") == "row"
    assert rows[0][1].find("strong").text == "0.900"
    assert rows[0][1].find("sup").text == "*"
    assert rows[1][1].find("u").text == "0.812"
    assert [c.get("data-value") for c in rows[1][1:]] == ["0.8123456789012345", None]
    assert [r.get("class") for r in rows] == [None, None, "incomplete"]
    assert "<e>" not in text
    assert [p.text for p in root.iter("p")] == [
        "* p < .05.",
        "Best in bold, second best underlined.",
    ]


def test_html_headings_of_rows_span_the_table():
    table = small(group="name")
    root = ElementTree.fromstring(to_html(table).replace("&nbsp;", " "))
    headings = [body[0][0] for body in root.findall("tbody")]
    assert [(h.get("scope"), h.get("colspan"), h.text) for h in headings] == [
        ("rowgroup", "2", f"row {i}") for i in range(3)
    ]
    assert len(root.find("thead")) == 1


def test_latex():
    text = to_latex(golden())
    body = text[text.index("\\toprule") : text.index("\\bottomrule")]
    assert body == (
        "\\toprule\n"
        " & \\multicolumn{2}{c}{of 100 \\%} \\\\\n"
        "\\cmidrule(lr){2-3}\n"
        "name & Dice & HD \\\\\n"
        " &  & (mm) \\\\\n"
        "\\midrule\n"
        "a\\_b & \\textbf{0.900} $\\pm$ 0.010$^{\\ast}$ & 0.0 \\\\\n"
        "c \\& d & \\underline{0.812} & - \\\\\n"
        "$<$e$>$$|$$^{\\dagger}$ & 0.700 $\\pm$ 0.020 & $\\infty$ \\\\\n"
    )
    assert "\\caption{Dice $\\pm$ sd, n = 3.}\n\\label{tab:golden}" in text
    assert "\\begin{tabular}{@{}lrr@{}}" in text
    assert "* p $<$ .05. Best in bold" in text


def test_latex_escapes_every_special_character():
    assert latex_module.escape(r"a\b{c}~^#$%&_") == (
        r"a\textbackslash{}b\{c\}\textasciitilde{}\textasciicircum{}\#\$\%\&\_"
    )
    assert latex_module.escape(f"{MINUS}1 ≤ τ") == r"$-$1 $\leq$ $\tau$"


def test_latex_says_which_characters_need_another_engine():
    def first_line(name):
        table = build_table(pd.DataFrame({"name": [name]}), [name_column()], name="t", caption="")
        return to_latex(table).splitlines()[0]

    assert first_line("é ≈ †") == r"% needs \usepackage{booktabs,graphicx}"
    assert first_line("日本 日") == "% needs lualatex or xelatex and a font with 日 本"


def test_latex_rows_cannot_be_taken_for_an_argument_of_the_line_break_before():
    data = pd.DataFrame({"name": ["[1, 2]", "*"]})
    text = to_latex(build_table(data, [name_column()], name="t", caption=""))
    assert "\n{}[1, 2] \\\\\n{}* \\\\\n" in text


def test_wide_tables_span_both_columns_of_a_page():
    data = pd.DataFrame({"name": ["x" * 80]})
    wide = build_table(data, [name_column()], name="t", caption="")
    assert "\\begin{table*}" in to_latex(wide)
    assert "\\begin{table}" in to_latex(small())


def compiled(tex, folder):
    """Return the log of pdflatex."""
    (folder / "t.tex").write_text(
        "\\documentclass[twocolumn]{article}\\usepackage{booktabs,graphicx}\n"
        f"\\begin{{document}}\n{tex}\\end{{document}}\n",
        encoding="utf-8",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles_and_fits_the_page(tmp_path):
    known = "".join(latex_module.CHARACTERS)
    special = pd.DataFrame({"name": [f"a{known}b", "[", "*", "é"]})
    special = build_table(special, [name_column()], name="s", caption="100 % & more_")
    wide = build_table(pd.DataFrame({"name": ["x" * 200]}), [name_column()], name="w", caption="")
    log = compiled("".join(to_latex(t) for t in (golden(), special, wide)), tmp_path)
    assert "Overfull" not in log
    assert "Missing character" not in (tmp_path / "t.log").read_text(errors="replace")


@pytest.mark.parametrize("name", FORMATS.names())
def test_tables_without_rows_have_their_header(name):
    empty = build_table(
        GOLDEN[:0], [name_column(), value_column()], name="t", caption="Nothing.", group="name"
    )
    text = FORMATS[name](empty)
    assert "name" in text
