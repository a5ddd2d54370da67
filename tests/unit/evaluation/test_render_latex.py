"""LaTeX: whole tables that compile as they are, rows alone, and names that could break them."""

import re

import pytest

from lowlight_cli.evaluation.grid import Cell, Grid, Mark
from lowlight_cli.evaluation.published import published_for
from lowlight_cli.evaluation.render_latex import as_latex, latex_rows, latex_table
from tests.unit.evaluation.test_reporting import evaluation, method


@pytest.fixture
def two():
    return evaluation(method("one_&", [20.0, 22.0], [0.3, 0.1]), method("two", [25.0, 15.0], [0.1, 0.1]))


def tables(text):
    """Column letters and lines of each tabular; what is outside is comments."""
    found = re.findall(r"\\begin\{tabular\}\{(\w+)\}\n(.*?)\n\\end\{tabular\}", text, re.DOTALL)
    outside = re.sub(r"\\begin\{tabular\}.*?\\end\{tabular\}", "", text, flags=re.DOTALL)
    assert all(line.startswith("%") for line in outside.splitlines() if line)
    return [(columns, body.splitlines()) for columns, body in found]


def cells(line):
    return re.split(r"(?<!\\)&", line.removesuffix(r" \\"))


def test_a_table_is_whole_and_its_rows_have_equal_length(two):
    ((columns, lines),) = tables(as_latex(two))
    assert (lines[0], lines[2], lines[-1]) == (r"\toprule", r"\midrule", r"\bottomrule")
    rows = [line for line in lines if not line.endswith("rule")]
    assert len(rows) == 3
    assert columns == "lrrrrr"
    for row in rows:
        assert row.endswith(r" \\")
        assert len(cells(row)) == len(columns)
    assert rows[1].startswith(r"one\_\& & \textbf{21.00} & \underline{0.2000}")
    assert r"PSNR $\uparrow$" in rows[0]
    assert r"\usepackage{booktabs}" in as_latex(two)


def test_images_get_a_table_for_each_method_with_statistics_below_a_rule(two):
    whole, first, second = tables(as_latex(two, per_image=True))
    assert len(whole[1]) == 6
    for _, lines in (first, second):
        assert lines[3].startswith("p0 & ")
        assert lines[5:7] == [r"\midrule", lines[6]]
        assert lines[6].startswith("mean, n=2 & ")


def test_scores_from_papers_stand_below_a_rule(two):
    ((_, lines),) = tables(as_latex(two, published=published_for("LOL")))
    assert lines[5] == r"\midrule"
    assert lines[6].startswith("CodeEnhance (published) & 22.90")


def test_rows_alone_are_those_of_the_table(two):
    text = as_latex(two, per_image=True, rows_only=True)
    rows = [line for line in text.splitlines() if line and not line.startswith("%")]
    whole = as_latex(two, per_image=True).splitlines()
    assert len(rows) == 2 + 2 * 7
    assert set(rows) < set(whole)
    assert "tabular" not in text
    assert "rule" not in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[a]*", "{[}a{]}{*}"),
        ("50% of $x_1^2$ #{1}", r"50\% of \$x\_1\textasciicircum{}2\$ \#\{1\}"),
        ("C:\\runs|<b>", r"C:\textbackslash{}runs\textbar{}\textless{}b\textgreater{}"),
        ("two\nlines", "two lines"),
    ],
)
def test_names_are_shown_as_they_are_and_never_read_as_commands(name, shown):
    grid = Grid(("method", "x"), ((Cell(name), Cell("1", Mark.BEST)),), footnotes=("a\nb",))
    assert rf"{shown} & \textbf{{1}} \\" in latex_table(grid)
    assert latex_rows(grid).splitlines()[-1] == "% a b"
