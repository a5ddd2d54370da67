"""Holds the results of an evaluation, for all report formats; torch-free."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lowlight_cli.datasets.matching import PairBy, Problem
from lowlight_cli.evaluation.columns import Column
from lowlight_cli.evaluation.protocols import Protocol
from lowlight_cli.evaluation.summary import Summary, summarize


@dataclass(frozen=True, slots=True)
class ScoredImage:
    """Scores of one image.

    Attributes:
        name: Identifies it in its dataset: its path below the folder, without extension.
        path: File that was enhanced, or scored as it is.
        reference: File it was compared with, or None.
        width: Columns.
        height: Rows.
        values: Score in each column, or None.
        reasons: Why there is no score, for each column whose value is None.
    """

    name: str
    path: Path
    reference: Path | None
    width: int
    height: int
    values: Mapping[str, float | None]
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Time per image from its pixels to its result, without reading and writing files.

    Attributes:
        median_ms: Median of all images.
        n: Number of images that were timed.
        by_size: Median in ms of each size, ``{"600x400": 31.0}``, the most frequent first.
    """

    median_ms: float
    n: int
    by_size: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MethodResult:
    """Scores of one method.

    Attributes:
        name: Name in tables.
        info: Its kind, model, checkpoint, digest, parameters, controls or folder.
        images: Images that were scored, in the order of the dataset.
        problems: Why images could not be scored, and files that could not be paired.
        expected: Number of images that should have been scored.
        runtime: Time per image; None for images that are scored as they are.
    """

    name: str
    info: Mapping[str, Any]
    images: tuple[ScoredImage, ...]
    problems: tuple[Problem, ...]
    expected: int
    runtime: Runtime | None = None

    @property
    def kind(self) -> str:
        """``model``, ``baseline`` (a classic method) or ``files``, as in ``Method``; empty if unknown."""
        return str(self.info.get("kind", ""))

    @property
    def is_complete(self) -> bool:
        """Whether all images of the dataset were scored."""
        return len(self.images) == self.expected

    @property
    def has_scores(self) -> bool:
        """Whether any image has a score in any column."""
        return any(value is not None for image in self.images for value in image.values.values())

    def values(self, column: str) -> Iterator[float | None]:
        """Score of each image in a column."""
        return (image.values.get(column) for image in self.images)

    def summary(self, column: str) -> Summary | None:
        """Statistics of a column; None if it has no score."""
        return summarize(self.values(column))


def judged_index(kinds: Sequence[str]) -> int:
    """Index of the method that limits apply to: the first that is no classic method, else the first.

    Args:
        kinds: Kind of each method, in the order of the table; not empty.
    """
    return next((index for index, kind in enumerate(kinds) if kind != "baseline"), 0)


@dataclass(frozen=True, slots=True)
class EvalData:
    """Images that methods are compared on.

    Attributes:
        name: Name of the dataset, or of the folders.
        split: Part of the dataset; None for folders.
        low: Folder of dark images, or None.
        references: Folder of references, or None.
        pair_by: How images are paired with references.
        note: What to know before comparing scores; empty for nothing.
        ignored: Regular expression for the part of a name that differs between an image and its reference.
    """

    name: str
    split: str | None
    low: Path | None
    references: Path | None
    pair_by: PairBy = "stem"
    note: str = ""
    ignored: str = ""

    @property
    def title(self) -> str:
        """Name and split: ``LOL test``."""
        return f"{self.name} {self.split}" if self.split else self.name


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of an evaluation.

    Attributes:
        data: Images that the methods were compared on.
        protocol: How scores were computed.
        columns: Which scores were computed.
        methods: Results in the order of the table, at least one.
        missing: Metric that could not be computed -> why.
        notes: Remarks on the results.
        device: Where scores were computed.
        versions: Library -> version.
        thumbnails: Name of an image of the judged method -> JPEG of it beside its result and its reference.
    """

    data: EvalData
    protocol: Protocol
    columns: tuple[Column, ...]
    methods: tuple[MethodResult, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    device: str = "cpu"
    versions: Mapping[str, str] = field(default_factory=dict)
    thumbnails: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def judged(self) -> MethodResult:
        """The method that limits, the summary and the worst and best images are about."""
        return self.methods[judged_index([method.kind for method in self.methods])]

    @property
    def exit_code(self) -> int:
        """0 if all images were scored, 3 if a file had a problem, 4 if there is not one score."""
        if not any(method.has_scores for method in self.methods):
            return 4
        return 3 if any(method.problems or not method.is_complete for method in self.methods) else 0
