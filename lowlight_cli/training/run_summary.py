"""Reads what a training run left in its folder: settings, metrics and weights; torch-free."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lowlight_cli.training.metrics_log import MetricsLog, Numbers
from lowlight_cli.training.settings import SETTINGS_FILE, read_file

SCORES = ("psnr", "dark_class_agreement")
"""Names of the scores by which a recipe chooses its best weights."""

MADE_FOLDERS = frozenset({"ckpt", "plots", "samples", "tensorboard"})
"""Folders that a training makes in its run folder."""


class Score(NamedTuple):
    """Score of a validation.

    Attributes:
        name: Name of the metric.
        value: Higher is better.
        step: Number of steps done.
    """

    name: str
    value: float
    step: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A training run.

    Attributes:
        folder: The run folder.
        settings: All settings, as in ``config.resolved.toml``.
        environment: Versions, machine and command line, as in ``env.json``; empty if it is missing.
        rows: Metrics by step, counted from 0.
        best: Best score; None without a validation.
        last: Score of the last validation.
        weights: Weights of the last step, and those of the best score, as far as they exist.
    """

    folder: Path
    settings: Mapping[str, Any]
    environment: Mapping[str, Any]
    rows: Sequence[Numbers]
    best: Score | None
    last: Score | None
    weights: Path | None
    best_weights: Path | None

    @property
    def architecture(self) -> str:
        """Name of the trained network; empty if it is not known."""
        named = self.environment.get("architecture")
        return str(named or (self.weights.stem if self.weights else ""))

    @property
    def steps_done(self) -> int:
        """Number of steps in the metrics."""
        return max((row["step"] + 1 for row in self.rows), default=0)

    @property
    def steps(self) -> int:
        """Number of steps of the whole schedule."""
        return int(self.settings.get("run", {}).get("steps", 0))

    @property
    def recommended(self) -> Path | None:
        """The weights to use: those of the best score, else those of the last step."""
        return self.best_weights or self.weights

    @property
    def loss(self) -> float | None:
        """Last loss."""
        return next((row["loss"] for row in reversed(self.rows) if row.get("loss") is not None), None)

    def curve(self, name: str) -> list[tuple[float, float]]:
        """Number of steps done, and the value of one metric at that time."""
        return [(row["step"] + 1.0, float(row[name])) for row in self.rows if row.get(name) is not None]


def is_training_run(folder: Path) -> bool:
    """Whether a folder is the run folder of a training, judged by its contents."""
    return (folder / SETTINGS_FILE).is_file() and any(
        (folder / name).exists() for name in ("metrics.jsonl", "ckpt", "env.json")
    )


def read_run(folder: Path) -> RunSummary:
    """Reads a run folder; the run may not have ended.

    Raises:
        SettingsError: Its settings cannot be read.
    """
    rows = MetricsLog(folder).rows()
    scores = [
        Score(name, float(row[name]), row["step"] + 1)
        for row in rows
        for name in SCORES
        if row.get(name) is not None
    ]
    best_weights = folder / "ckpt" / "best.safetensors"
    return RunSummary(
        folder,
        read_file(folder / SETTINGS_FILE),
        _environment(folder),
        rows,
        max(scores, key=lambda score: score.value, default=None),
        scores[-1] if scores else None,
        next(iter(sorted(folder.glob("*.safetensors"))), None),
        best_weights if scores and best_weights.is_file() else None,
    )


def _environment(folder: Path) -> Mapping[str, Any]:
    try:
        tree: dict[str, Any] = json.loads((folder / "env.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return tree if isinstance(tree, dict) else {}
