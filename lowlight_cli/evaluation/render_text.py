"""Writes results as Markdown and plain text, and says how they were computed; torch-free."""

import re
from collections.abc import Sequence

from lowlight_cli.evaluation.columns import STAR
from lowlight_cli.evaluation.compare import Comparison
from lowlight_cli.evaluation.grid import Cell, Grid, Mark, extremes, image_grid, method_grid
from lowlight_cli.evaluation.published import Published
from lowlight_cli.evaluation.result import Evaluation, MethodResult

_MARKDOWN = {Mark.NONE: "{}", Mark.BEST: "**{}**", Mark.SECOND: "<u>{}</u>"}


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
    return [*lines, *note_lines(evaluation)]


def note_lines(evaluation: Evaluation) -> list[str]:
    """What to know before the scores are compared, one note per line."""
    notes = [evaluation.data.note] if evaluation.data.note else []
    return [f"note: {note}" for note in (*notes, *evaluation.notes)]


def protocol_line(evaluation: Evaluation) -> str:
    """The protocol and what its metrics compare: ``protocol: lle (RGB, 8 bit, no crop, no GT-mean)``."""
    protocol = evaluation.protocol
    compared: dict[str, list[str]] = {}
    for column in evaluation.columns:
        compared.setdefault(protocol.view_of(column.metric.name).brief, []).append(column.metric.label)
    views = [f"{', '.join(dict.fromkeys(labels))}: {brief}" for brief, labels in compared.items()]
    crop = "4 pixels cropped for PI only" if "pi" in (c.name for c in evaluation.columns) else "no crop"
    facts = [*compared, crop] if len(compared) == 1 else [f"{'; '.join(views)}; {crop}"]
    if evaluation.data.references is not None:
        aligned = any(column.name.endswith(STAR) for column in evaluation.columns)
        facts.append("GT-mean in columns with *" if aligned else "no GT-mean")
    paired = "; PAIRED BY ORDER, not by name" if evaluation.data.pair_by == "order" else ""
    return f"protocol: {protocol.name} ({', '.join(facts)}){paired}"


def extreme_lines(evaluation: Evaluation) -> list[str]:
    """The worst and the best images of the judged method; empty if there are too few."""
    if not evaluation.methods:
        return []
    method = evaluation.judged
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
