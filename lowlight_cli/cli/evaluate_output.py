"""What ``lle eval`` prints and writes, and the code it ends with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lowlight_cli.cli.evaluate_options import Form
from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.score_tables import print_grid, write_report
from lowlight_cli.errors import GateError, UsageError
from lowlight_cli.evaluation.thresholds import Gate

if TYPE_CHECKING:
    from lowlight_cli.evaluation.compare import Comparison
    from lowlight_cli.evaluation.published import Published
    from lowlight_cli.evaluation.result import Evaluation

REPORT_FORMS = {
    ".json": Form.JSON,
    ".jsonl": Form.JSONL,
    ".csv": Form.CSV,
    ".md": Form.MD,
    ".html": Form.HTML,
    ".tex": Form.LATEX,
    ".txt": Form.PLAIN,
}
"""End of a file's name -> form of the report in it."""


@dataclass(frozen=True, slots=True)
class Output:
    """What the user wants to see.

    Attributes:
        form: On stdout.
        reports: Files to write as well.
        per_image: Whether each picture is listed.
        baseline: Earlier report to compare with, or None.
        published: Whether rows of papers are added.
        globally: Colors, and whether success is silent.

    Raises:
        UsageError: The name of a report does not end like a form.
    """

    form: Form
    reports: tuple[Path, ...]
    per_image: bool
    baseline: Path | None
    published: bool
    globally: GlobalSettings

    @property
    def wants_page(self) -> bool:
        """Whether a page with pictures is among the reports."""
        ends = {path.suffix.lower() for path in self.reports}
        return self.form is Form.HTML or ".html" in ends

    def __post_init__(self) -> None:
        """Refuses unknown forms before any work is done."""
        for path in self.reports:
            if path.suffix.lower() not in REPORT_FORMS:
                raise UsageError(f"--report '{path}' must end in one of {', '.join(REPORT_FORMS)}")
        if self.baseline is not None and not self.baseline.is_file():
            raise UsageError(f"--baseline '{self.baseline}' is not there")


@dataclass(frozen=True, slots=True)
class _Findings:
    """Everything that reports are made of."""

    evaluation: "Evaluation"
    comparison: "Comparison | None"
    published: "tuple[Published, ...]"
    per_image: bool
    thumbnails: Mapping[str, bytes]


def finish(
    evaluation: "Evaluation", output: Output, thresholds: Sequence[Gate], thumbnails: Mapping[str, bytes]
) -> None:
    """Prints, writes, judges, and ends the program.

    Args:
        evaluation: What was found.
        output: What the user wants to see.
        thresholds: Limits for the first method.
        thumbnails: Small pictures of the first method, by name, for pages.

    Raises:
        UsageError: The baseline does not compare.
        OutputError: A report cannot be written.
        GateError: A limit is passed, and all pictures were scored.
        typer.Exit: Always, with the code of the run.
    """
    findings = _findings(evaluation, output, thumbnails)
    if not output.globally.quiet:
        _print(findings, output)
    for path in output.reports:
        write_report(path, _text(findings, REPORT_FORMS[path.suffix.lower()]))
        say(f"report: {path}", quiet=output.globally.quiet)
    for note in [note for gate in thresholds if (note := gate.note(evaluation.methods[0]))]:
        say(f"lle: warning: {note}", quiet=output.globally.quiet)
    passed = [verdict for gate in thresholds if (verdict := gate.verdict(evaluation.methods[0]))]
    if passed and not evaluation.exit_code:
        raise GateError(f"limit passed: {'; '.join(passed)}")
    for verdict in passed:
        say(f"lle: error: limit passed: {verdict}", error=True)
    raise typer.Exit(evaluation.exit_code)


def _findings(evaluation: "Evaluation", output: Output, thumbnails: Mapping[str, bytes]) -> _Findings:
    from lowlight_cli.evaluation.compare import compare, read_baseline
    from lowlight_cli.evaluation.published import published_for

    comparison = None if output.baseline is None else compare(evaluation, read_baseline(output.baseline))
    rows = published_for(evaluation.subject.name) if output.published else ()
    if output.published and not rows:
        text = f"lle: warning: no published numbers are known for {evaluation.subject.title}"
        say(text, quiet=output.globally.quiet)
    for note in comparison.notes if comparison else ():
        say(f"lle: warning: {note}", quiet=output.globally.quiet)
    return _Findings(evaluation, comparison, rows, output.per_image, thumbnails)


def _print(findings: _Findings, output: Output) -> None:
    if output.form is not Form.TABLE:
        emit(_text(findings, output.form))
        return
    from lowlight_cli.evaluation.grid import method_grid, picture_grid
    from lowlight_cli.evaluation.render_text import extreme_lines, header_lines

    evaluation = findings.evaluation
    emit("\n".join(header_lines(evaluation)))
    grid = method_grid(evaluation, findings.comparison, findings.published)
    print_grid(grid, output.globally.color)
    for line in (*grid.footnotes, *extreme_lines(evaluation)):
        emit(line)
    for method in evaluation.methods if findings.per_image else ():
        emit(f"\n{method.name}")
        print_grid(picture_grid(evaluation, method), output.globally.color)


def _text(findings: _Findings, form: Form) -> str:
    """A report as text.

    Args:
        findings: What it tells.
        form: Any but a framed table.
    """
    from lowlight_cli.evaluation.render_csv import as_csv
    from lowlight_cli.evaluation.render_json import as_json, as_json_lines
    from lowlight_cli.evaluation.render_text import as_latex, as_markdown, as_plain

    evaluation, per_image = findings.evaluation, findings.per_image
    whole = (evaluation, findings.comparison, findings.published)
    makers: dict[Form, Callable[[], str]] = {
        Form.PLAIN: lambda: as_plain(*whole, per_image=per_image),
        Form.JSON: lambda: as_json(*whole),
        Form.JSONL: lambda: as_json_lines(evaluation),
        Form.CSV: lambda: as_csv(evaluation, findings.published, per_image=per_image),
        Form.MD: lambda: as_markdown(*whole, per_image=per_image),
        Form.HTML: lambda: _page(findings),
        Form.LATEX: lambda: as_latex(*whole),
    }
    return makers[form]()


def _page(findings: _Findings) -> str:
    from lowlight_cli.evaluation.html_report import page_values
    from lowlight_cli.reports.page import render

    whole = (findings.evaluation, findings.comparison, findings.published)
    return render("evaluation.html.j2", **page_values(*whole, thumbnails=findings.thumbnails)).rstrip("\n")
