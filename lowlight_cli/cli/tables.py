"""Rows of text in columns that line up, and results as JSON; plain, so that pipes can read them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass


def aligned(rows: Iterable[Sequence[object]], indent: int = 0) -> str:
    """Rows with equal columns, two spaces apart; the last column is as long as it is.

    Args:
        rows: Cells; numbers stand right, thousands separated.
        indent: Spaces before each row.
    """
    rows = list(rows)
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row, texts in zip(rows, cells, strict=True):
        padded = [
            text.rjust(width) if isinstance(cell, int | float) else text.ljust(width)
            for cell, text, width in zip(row, texts, widths, strict=True)
        ]
        lines.append((" " * indent + "  ".join(padded)).rstrip())
    return "\n".join(lines)


def as_json(result: object) -> str:
    """A result, or a list of results, as indented JSON."""
    return json.dumps(result, default=_plain, indent=2, ensure_ascii=False)


def _text(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int | float) else str(cell)


def _plain(value: object) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
