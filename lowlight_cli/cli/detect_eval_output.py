"""Tables and files of ``lle detect-eval``, with one column for each class as in papers."""

import json
from collections.abc import Callable, Sequence

from lowlight_cli.cli.evaluate_options import Form
from lowlight_cli.counted import counted
from lowlight_cli.detection.compare_detectors import DetectorComparison, DetectorResult, as_document
from lowlight_cli.evaluation.grid import Cell, Grid, Mark
from lowlight_cli.evaluation.render_csv import csv_text
from lowlight_cli.evaluation.render_latex import latex_rows, latex_table
from lowlight_cli.evaluation.render_text import markdown_table, plain_table

SUMMARY = {"map50": "mAP50", "map": "mAP50-95", "map75": "mAP75", "recall": "AR100"}
"""Attributes of ``DetectionScores`` over all classes, and their names in tables."""


def grid_of(comparison: DetectorComparison) -> Grid:
    """One row for each detector: AP50 of each class in percent, then the means over classes."""
    shown = [name for name in comparison.classes if _boxes(comparison, name)]
    columns = [[each.scores.classes[name].ap50 for each in comparison.detectors] for name in shown]
    columns += [[getattr(each.scores, name) for each in comparison.detectors] for name in SUMMARY]
    marked = [_marked(values) for values in columns]
    heads = ["method", *shown, *SUMMARY.values()]
    rows = [
        [Cell(each.name), *(column[index] for column in marked)]
        for index, each in enumerate(comparison.detectors)
    ]
    if any(each.difference for each in comparison.detectors):
        heads.append("Δ mAP50")
        for row, each in zip(rows, comparison.detectors, strict=True):
            row.append(Cell(_difference(each)))
    # A narrow window shows the means first, and of them those that papers compare.
    ranks = dict.fromkeys(shown, 2) | dict.fromkeys((SUMMARY["map75"], SUMMARY["recall"]), 1)
    return Grid(tuple(heads), tuple(map(tuple, rows)), footnotes=tuple(_footnotes(comparison)), ranks=ranks)


def header_lines(comparison: DetectorComparison) -> list[str]:
    """What was scored: labels, then detections of each detector, one line each."""
    boxes = sum(_boxes(comparison, name) for name in comparison.classes)
    part = f", split {comparison.split}" if comparison.split else ""
    lines = [
        f"labels: {comparison.labels}{part}, n={comparison.image_count}, {counted(boxes, 'box', 'boxes')}"
    ]
    for each in comparison.detectors:
        found = sum(map(len, each.predictions.by_image))
        silent = each.predictions.missing
        missing = f", none for {counted(silent, 'image')}" if silent else ""
        lines.append(f"{each.name}: {counted(found, 'detection')}{missing}")
    return lines


def as_text(comparison: DetectorComparison, form: Form) -> str:
    """A report as text.

    Args:
        comparison: The scores.
        form: Any format but the framed table and HTML.
    """
    makers: dict[Form, Callable[[DetectorComparison], str]] = {
        Form.PLAIN: lambda each: plain_table(grid_of(each)),
        Form.JSON: lambda each: json.dumps(as_document(each), indent=2, ensure_ascii=False),
        Form.JSONL: _as_json_lines,
        Form.CSV: _as_csv,
        Form.MD: _as_markdown,
        Form.LATEX: lambda each: latex_table(grid_of(each)),
        Form.LATEX_ROWS: lambda each: latex_rows(grid_of(each)),
    }
    return makers[form](comparison)


def _boxes(comparison: DetectorComparison, name: str) -> int:
    return comparison.detectors[0].scores.classes[name].boxes


def _marked(values: Sequence[float | None]) -> list[Cell]:
    """Scores in percent, the best and the second best marked."""
    ordered = sorted({value for value in values if value is not None}, reverse=True)
    places = dict(zip(ordered, (Mark.BEST, Mark.SECOND), strict=False)) if len(values) > 1 else {}
    return [
        Cell(
            "-" if value is None else f"{100 * value:.2f}",
            places.get(value, Mark.NONE) if value else Mark.NONE,
        )
        for value in values
    ]


def _difference(detector: DetectorResult) -> str:
    change = detector.difference
    if change is None:
        return "-"
    return f"{100 * change.value:+.2f} [{100 * change.low:+.2f}, {100 * change.high:+.2f}]"


def _footnotes(comparison: DetectorComparison) -> list[str]:
    notes = [
        "AP at IoU 0.5 in percent, as COCO computes it: 101 recalls, 100 detections per image; "
        "difficult boxes and crowds are ignored."
    ]
    if any(each.difference for each in comparison.detectors):
        notes.append(
            f"Δ against {comparison.detectors[0].name}, with 95 % interval (paired bootstrap over images)."
        )
    missing = [name for name in comparison.classes if not _boxes(comparison, name)]
    if missing:
        notes.append(f"no boxes in this split: {', '.join(missing)}.")
    return notes


def _as_markdown(comparison: DetectorComparison) -> str:
    grid = grid_of(comparison)
    facts = "\n".join(f"- {line}" for line in header_lines(comparison))
    return "\n\n".join([facts, markdown_table(grid), *grid.footnotes])


def _as_json_lines(comparison: DetectorComparison) -> str:
    document = as_document(comparison)
    return "\n".join(json.dumps(method, ensure_ascii=False) for method in document["methods"])


def _as_csv(comparison: DetectorComparison) -> str:
    rows: list[list[object]] = [["method", "class", "boxes", "pictures", "ap50", "ap"]]
    for each in comparison.detectors:
        for name, score in each.scores.classes.items():
            rows.append([each.name, name, score.boxes, score.pictures, score.ap50, score.ap])
        rows.append([each.name, "all", "", comparison.image_count, each.scores.map50, each.scores.map])
    return csv_text(rows)
