"""Writes results as Markdown, plain text and LaTeX rows; torch-free."""

import re
from collections.abc import Sequence

from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.grid import Cell, Grid, Mark, extremes, image_grid, method_grid
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.result import Evaluation, MethodResult

_MARKDOWN = {Mark.NONE: "{}", Mark.BEST: "**{}**", Mark.SECOND: "<u>{}</u>"}
_LATEX = {Mark.NONE: "{}", Mark.BEST: r"\textbf{{{}}}", Mark.SECOND: r"\underline{{{}}}"}
_LATEX_SIGNS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "Δ": r"$\Delta$",
}


def header_lines(evaluation: Evaluation, *, brief: bool = False) -> list[str]:
    """Dataset, protocol, methods, device and versions, one per line.

    Args:
        evaluation: The results.
        brief: Whether the description of the protocol is left out.
    """
    data = evaluation.data
    counts = {method.expected for method in evaluation.methods}
    references = "" if data.references else ", no references"
    paired = "; PAIRED BY ORDER, not by name" if data.pair_by == "order" else ""
    lines = [
        f"dataset: {data.title}, n={max(counts, default=0)}{references}{paired}",
        f"protocol: {evaluation.protocol.name}{'' if brief else f'. {evaluation.protocol.description}'}",
    ]
    lines += [text for method in evaluation.methods if (text := _method_line(method))]
    versions = ", ".join(f"{name} {version}" for name, version in evaluation.versions.items())
    lines.append(f"device: {evaluation.device}; {versions}")
    lines += [f"note: {note}" for note in ((data.note,) if data.note else ()) + evaluation.notes]
    return lines


def extreme_lines(evaluation: Evaluation) -> list[str]:
    """The worst and the best images of the first method; empty if there are too few."""
    if not evaluation.methods:
        return []
    method = evaluation.methods[0]
    worst, best = extremes(evaluation, method)
    if not worst:
        return []
    column = evaluation.columns[0]
    shown = [
        ", ".join(f"{image.name} {column.text(image.values[column.name])}" for image in images)
        for images in (worst, best)
    ]
    return [
        f"worst {column.label} of {method.name}: {shown[0]}",
        f"best {column.label} of {method.name}: {shown[1]}",
    ]


def as_markdown(
    evaluation: Evaluation,
    comparison: Comparison | None = None,
    published: Sequence[Published] = (),
    *,
    per_image: bool = False,
) -> str:
    """Header, table and footnotes as Markdown.

    Args:
        evaluation: The results.
        comparison: Changes since an earlier report.
        published: Scores from papers.
        per_image: Whether each image is listed.
    """
    grid = method_grid(evaluation, comparison, published)
    parts = [
        f"### {_markdown(evaluation.data.title)}",
        "\n".join(f"- {_markdown(line)}" for line in header_lines(evaluation)),
        markdown_table(grid),
        *(_markdown(note) for note in grid.footnotes),
        *(_markdown(line) for line in extreme_lines(evaluation)),
    ]
    for method in evaluation.methods if per_image else ():
        parts += [f"#### {_markdown(method.name)}", markdown_table(image_grid(evaluation, method))]
    return "\n\n".join(parts)


def as_plain(
    evaluation: Evaluation,
    comparison: Comparison | None = None,
    published: Sequence[Published] = (),
    *,
    per_image: bool = False,
) -> str:
    """Aligned columns under a header whose lines start with ``#``; arguments as in ``as_markdown``."""
    header = "\n".join(f"# {line}" for line in header_lines(evaluation))
    tables = [method_grid(evaluation, comparison, published)]
    tables += [image_grid(evaluation, method) for method in evaluation.methods if per_image]
    return "\n\n".join([header, *(plain_table(grid) for grid in tables)])


def as_latex(
    evaluation: Evaluation, comparison: Comparison | None = None, published: Sequence[Published] = ()
) -> str:
    """Rows for a ``tabular``, best in bold and second underlined; arguments as in ``as_markdown``."""
    grid = method_grid(evaluation, comparison, published)
    head = f"% {evaluation.data.title}; protocol {evaluation.protocol.name}; {' & '.join(grid.heads)}"
    return f"{head}\n{latex_rows(grid)}"


def latex_rows(grid: Grid) -> str:
    """Rows for a ``tabular``, best in bold and second underlined, footnotes as comments."""
    rows = [" & ".join(_LATEX[cell.mark].format(_latex(cell.text)) for cell in row) for row in grid.rows]
    notes = [f"% {note}" for note in grid.footnotes]
    return "\n".join([*(rf"{row} \\" for row in rows), *notes])


def _method_line(method: MethodResult) -> str:
    info = method.info
    if info.get("kind") == "model":
        words = [str(info["model"]), f"preset {info['preset']}"]
        words += [f"checkpoint {info['checkpoint']}"] if info.get("checkpoint") else []
        words += [f"sha256 {str(info['checkpoint_sha256'])[:8]}"] if info.get("checkpoint_sha256") else []
        words += [f"{name} {value:g}" for name, value in info.get("controls", {}).items() if value != 1]
        return f"{method.name}: {', '.join([*words, str(info.get('precision', ''))])}"
    return f"{method.name}: {info.get('summary', '')}"


def markdown_table(grid: Grid) -> str:
    """A Markdown table; special characters are escaped."""
    rule = ["---", *["---:"] * (len(grid.heads) - 1)]
    rows = [[_MARKDOWN[cell.mark].format(_markdown(cell.text)) for cell in row] for row in grid.rows]
    heads = [_markdown(head) for head in grid.heads]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rule, *rows))


def _markdown(text: str) -> str:
    """Text on one line, escaped so that Markdown shows it unchanged."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))


def _latex(text: str) -> str:
    return "".join(_LATEX_SIGNS.get(sign, sign) for sign in text)


def plain_table(grid: Grid) -> str:
    """Aligned columns, two spaces apart."""
    rows = [tuple(Cell(head) for head in grid.heads), *grid.rows]
    widths = [max(len(row[index].text) for row in rows) for index in range(len(grid.heads))]
    return "\n".join(
        "  ".join(
            cell.text.ljust(width) if index == 0 else cell.text.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
