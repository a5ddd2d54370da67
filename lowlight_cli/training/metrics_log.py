"""Writes the metrics of a run as JSON lines, as a table, and as TensorBoard event files; torch-free."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowlight_cli.errors import UnavailableError
from lowlight_cli.training.run_files import append_line, write_whole

Pixels = NDArray[np.uint8]

Numbers = dict[str, Any]
"""The step, counted from 0, and its metrics by name; None for a number that was not finite."""


class MetricsLog:
    """Metrics by step.

    Args:
        folder: Folder of ``metrics.jsonl`` and ``metrics.csv``.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.jsonl"
        self._table = folder / "metrics.csv"

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Appends one line.

        Args:
            step: Counted from 0.
            values: Numbers by name, written with six digits; a number that is not finite becomes null.
        """
        line = json.dumps({"step": step, **{name: _short(value) for name, value in values.items()}})
        append_line(self.path, line)

    def rows(self) -> list[Numbers]:
        """All rows; a line that a killed run left half written is skipped."""
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return found

    def clear(self) -> None:
        """Removes all rows."""
        self.path.unlink(missing_ok=True)
        self._table.unlink(missing_ok=True)

    def drop_from(self, step: int) -> None:
        """Removes the rows of ``step`` and later ones, which a resumed run takes again."""
        kept = [json.dumps(row) for row in self.rows() if row["step"] < step]
        write_whole(self.path, "".join(line + "\n" for line in kept).encode())

    def write_table(self) -> None:
        """Writes ``metrics.csv``: one row for each step, columns in the order of their first appearance."""
        write_whole(self._table, table_text(self.rows()).encode())

    def curve(self, name: str) -> list[tuple[float, float]]:
        """Number of steps done, and the value of one metric at that time."""
        return [
            (float(row["step"] + 1), float(row[name])) for row in self.rows() if row.get(name) is not None
        ]


def table_text(rows: Iterable[Numbers]) -> str:
    """Rows as CSV: one line for each step, columns in the order of their first appearance."""
    steps: dict[int, Numbers] = {}
    for row in rows:
        steps.setdefault(row["step"], {}).update(row)
    columns = list(dict.fromkeys(name for row in steps.values() for name in row)) or ["step"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(steps.values())
    return text.getvalue()


def _short(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def as_line(values: Mapping[str, float]) -> str:
    """Names and numbers on one line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in values.items())


def check_tensorboard() -> None:
    """Checks that event files can be written.

    Raises:
        UnavailableError: TensorBoard is not installed.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401 - only whether it can be imported
    except ImportError as error:
        raise UnavailableError(
            "TensorBoard is not installed: pip install 'lowlight-cli[tensorboard]'"
        ) from error


class Board:
    """Writes event files for TensorBoard.

    Args:
        folder: Folder of the files; a resumed run adds to those of earlier starts.

    Raises:
        UnavailableError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        check_tensorboard()
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(folder)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Adds metrics.

        Args:
            step: Steps done.
            values: Numbers by name.
        """
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def show(self, step: int, pixels: Pixels) -> None:
        """Adds an image, (h, w, 3)."""
        self._writer.add_image("samples", pixels, step, dataformats="HWC")

    def flush(self) -> None:
        """Writes everything to disk."""
        self._writer.flush()
