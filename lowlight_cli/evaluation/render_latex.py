"""Writes results as LaTeX: whole tables for booktabs, or their rows alone; torch-free."""

from collections.abc import Sequence

from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.grid import Cell, Grid, Mark, image_grid, method_grid
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.render_text import note_lines, protocol_line
from lowlight_cli.evaluation.result import Evaluation

_MARKS = {Mark.NONE: "{}", Mark.BEST: r"\textbf{{{}}}", Mark.SECOND: r"\underline{{{}}}"}
_SIGNS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    # At the start of a row they would be read as an argument of the line break before it.
    **{sign: f"{{{sign}}}" for sign in "[]*"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "Δ": r"$\Delta$",
}


def as_latex(
    evaluation: Evaluation,
    comparison: Comparison | None = None,
    published: Sequence[Published] = (),
    *,
    per_image: bool = False,
    rows_only: bool = False,
) -> str:
    """A ``tabular`` of the methods and, per image, one for each method; what they mean is in comments.

    Args:
        evaluation: The results.
        comparison: Changes since an earlier report.
        published: Scores from papers.
        per_image: Whether each image is listed.
        rows_only: Whether only the rows are written, for a ``tabular`` of your own.
    """
    write = latex_rows if rows_only else latex_table
    methods = method_grid(evaluation, comparison, published)
    title = f"dataset: {evaluation.data.title}"
    parts = [_comments([title, protocol_line(evaluation), *note_lines(evaluation)]), write(methods)]
    for method in evaluation.methods if per_image else ():
        grid = image_grid(evaluation, method)
        parts += ["", _comments([method.name]), write(grid)]
    return "\n".join(parts)


def latex_table(grid: Grid) -> str:
    """A ``tabular`` with the rules of booktabs: best in bold, second underlined, footnotes as comments."""
    heads = " & ".join(map(_escaped, grid.heads))
    columns = "l" + "r" * (len(grid.heads) - 1)
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            f"\\begin{{tabular}}{{{columns}}}",
            "\\toprule",
            f"{heads} \\\\",
            "\\midrule",
            *_rows(grid, "\\midrule"),
            "\\bottomrule",
            "\\end{tabular}",
            *map(_comment, grid.footnotes),
        ]
    )


def latex_rows(grid: Grid) -> str:
    """The rows of ``latex_table`` alone, with the heads as a comment."""
    return "\n".join([_comment(" & ".join(grid.heads)), *_rows(grid), *map(_comment, grid.footnotes)])


def _rows(grid: Grid, rule: str = "") -> list[str]:
    """Rows; the rule stands before the scores from papers, and before the statistics of images."""
    lines = []
    for index, row in enumerate(grid.rows):
        if rule and index and index == grid.second_part:
            lines.append(rule)
        lines.append(f"{' & '.join(map(_cell, row))} \\\\")
    return lines


def _cell(cell: Cell) -> str:
    return _MARKS[cell.mark].format(_escaped(cell.text))


def _escaped(text: str) -> str:
    return "".join(_SIGNS.get(sign, sign) for sign in " ".join(text.split()))


def _comments(lines: Sequence[str]) -> str:
    return "\n".join(map(_comment, lines))


def _comment(text: str) -> str:
    return f"% {' '.join(text.split())}"
