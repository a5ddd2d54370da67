"""Prints the results of ``lle eval``, and turns them into the text of each report format."""

from collections.abc import Callable
from dataclasses import dataclass

from lowlight_cli.cli.evaluate_options import Form
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.score_tables import print_grid
from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.grid import image_grid, method_grid
from lowlight_cli.evaluation.html_report import page_values
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.render_csv import as_csv
from lowlight_cli.evaluation.render_json import as_json, as_json_lines
from lowlight_cli.evaluation.render_latex import as_latex
from lowlight_cli.evaluation.render_text import (
    as_markdown,
    as_plain,
    extreme_lines,
    header_lines,
    note_lines,
    protocol_line,
)
from lowlight_cli.evaluation.result import Evaluation
from lowlight_cli.reports.page import render

REPORT_FORMS = {
    ".json": Form.JSON,
    ".jsonl": Form.JSONL,
    ".csv": Form.CSV,
    ".md": Form.MD,
    ".html": Form.HTML,
    ".tex": Form.LATEX,
    ".txt": Form.PLAIN,
}
"""Extension of a report -> its format."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that reports are made of.

    Attributes:
        evaluation: The results.
        comparison: Changes since an earlier report, or None.
        published: Scores from papers.
        per_image: Whether each image is listed.
    """

    evaluation: Evaluation
    comparison: Comparison | None
    published: tuple[Published, ...]
    per_image: bool


def print_results(findings: Findings, form: Form, color: str, *, verbose: bool = False) -> None:
    """Prints results on stdout.

    Args:
        findings: What to print.
        form: Format.
        color: ``auto``, ``always`` or ``never``, for a framed table.
        verbose: Whether a framed table comes with everything that reports say, not with one line of it.
    """
    if form is not Form.TABLE:
        emit(as_text(findings, form))
        return
    evaluation = findings.evaluation
    emit("\n".join(header_lines(evaluation)) if verbose else protocol_line(evaluation))
    grid = method_grid(evaluation, findings.comparison, findings.published)
    print_grid(grid, color)
    notes = [] if verbose else note_lines(evaluation)
    for line in (*grid.footnotes, *notes, *extreme_lines(evaluation)):
        emit(line)
    for method in evaluation.methods if findings.per_image else ():
        emit(f"\n{method.name}")
        print_grid(image_grid(evaluation, method), color)


def as_text(findings: Findings, form: Form) -> str:
    """A report as text.

    Args:
        findings: What to report.
        form: Any format but a framed table.
    """
    evaluation, per_image = findings.evaluation, findings.per_image
    whole = (evaluation, findings.comparison, findings.published)
    makers: dict[Form, Callable[[], str]] = {
        Form.PLAIN: lambda: as_plain(*whole, per_image=per_image),
        Form.JSON: lambda: as_json(*whole),
        Form.JSONL: lambda: as_json_lines(evaluation),
        Form.CSV: lambda: as_csv(evaluation, findings.published, per_image=per_image),
        Form.MD: lambda: as_markdown(*whole, per_image=per_image),
        Form.HTML: lambda: render("evaluation.html.j2", **page_values(*whole)).rstrip("\n"),
        Form.LATEX: lambda: as_latex(*whole, per_image=per_image),
        Form.LATEX_ROWS: lambda: as_latex(*whole, per_image=per_image, rows_only=True),
    }
    return makers[form]()
