"""The numbers of a run: a line for each moment in ``metrics.jsonl``, and the same as a table."""

import csv
import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lowlight_cli.errors import UnavailableError
from lowlight_cli.training.run_files import append_line, write_whole
from lowlight_cli.training.sampling import Pixels

Numbers = dict[str, Any]
"""A step, counted from 0, and what was measured then: numbers, and None where they were not finite."""


class MetricsLog:
    """Numbers by step.

    Args:
        folder: Where ``metrics.jsonl`` and ``metrics.csv`` lie.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.jsonl"
        self._table = folder / "metrics.csv"

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Appends one line.

        Args:
            step: Counted from 0.
            values: Six digits of each are kept; what is not finite becomes null.
        """
        line = json.dumps({"step": step, **{name: _short(value) for name, value in values.items()}})
        append_line(self.path, line)

    def rows(self) -> list[Numbers]:
        """All lines; one that a killed run left half written is passed over."""
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
        steps: dict[int, Numbers] = {}
        for row in self.rows():
            steps.setdefault(row["step"], {}).update(row)
        columns = list(dict.fromkeys(name for row in steps.values() for name in row)) or ["step"]
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(steps.values())
        write_whole(self._table, text.getvalue().encode())

    def curve(self, name: str) -> list[tuple[float, float]]:
        """Steps done, and a number then."""
        return [
            (float(row["step"] + 1), float(row[name])) for row in self.rows() if row.get(name) is not None
        ]


def _short(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def as_line(values: Mapping[str, float]) -> str:
    """Numbers with their names on one line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in values.items())


def check_tensorboard() -> None:
    """Checks that event files can be written.

    Raises:
        UnavailableError: TensorBoard is not installed.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401 - whether it is there
    except ImportError as error:
        raise UnavailableError(
            "TensorBoard is not installed: pip install 'lowlight-cli[tensorboard]'"
        ) from error


class Board:
    """Writes event files.

    Args:
        folder: Where they lie; those of a run that goes on are added to those before.

    Raises:
        UnavailableError: The library is not installed.
    """

    def __init__(self, folder: Path) -> None:
        check_tensorboard()
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(folder)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Adds numbers.

        Args:
            step: Steps done.
            values: Numbers by name.
        """
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def show(self, step: int, pixels: Pixels) -> None:
        """Adds a picture, (h, w, 3)."""
        self._writer.add_image("samples", pixels, step, dataformats="HWC")

    def flush(self) -> None:
        """Brings all to disk."""
        self._writer.flush()
