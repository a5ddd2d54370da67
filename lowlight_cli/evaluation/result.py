"""What an evaluation found, for all forms of reports; torch-free."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lowlight_cli.datasets.matching import PairBy, Problem
from lowlight_cli.evaluation.columns import Column
from lowlight_cli.evaluation.protocols import Protocol
from lowlight_cli.evaluation.summary import Summary, summarize


@dataclass(frozen=True, slots=True)
class Picture:
    """Scores of one picture.

    Attributes:
        name: What identifies it in its data set.
        picture: File that was enhanced, or scored as it is.
        reference: File it was compared with, or None.
        width: Columns.
        height: Rows.
        values: Score in each column, or None.
        reasons: Why there is none.
    """

    name: str
    picture: Path
    reference: Path | None
    width: int
    height: int
    values: Mapping[str, float | None]
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Time of one picture from its pixels to its result, without files; the first pass of each size left out.

    Attributes:
        median_ms: Over all pictures.
        n: Pictures that were timed.
        by_size: Median in ms of each size, ``{"600x400": 31.0}``, the most frequent first.
    """

    median_ms: float
    n: int
    by_size: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MethodResult:
    """Scores of one way to make pictures.

    Attributes:
        name: What tables call it.
        facts: What it is: kind, model, checkpoint, digest, parameters, controls, folder.
        pictures: In the order of the data set.
        problems: What kept pictures from being scored, and files that belong to nothing.
        expected: Pictures that should have been scored.
        runtime: How long it takes; None for files that were made elsewhere.
    """

    name: str
    facts: Mapping[str, Any]
    pictures: tuple[Picture, ...]
    problems: tuple[Problem, ...]
    expected: int
    runtime: Runtime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether each picture of the data set was scored."""
        return len(self.pictures) == self.expected

    def values(self, column: str) -> Iterator[float | None]:
        """Score of each picture in a column."""
        return (picture.values.get(column) for picture in self.pictures)

    def summary(self, column: str) -> Summary | None:
        """Mean and spread of a column; None where it has no score."""
        return summarize(self.values(column))


@dataclass(frozen=True, slots=True)
class Subject:
    """What methods are compared on.

    Attributes:
        name: Of the data set, or of the folders.
        split: Its part; None for folders.
        low: Folder of dark pictures, or None.
        references: Folder of references, or None.
        pair_by: How partners were found.
        note: What to know before comparing numbers, or empty.
        ignored: What differs between the names of partners.
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
        """For people: ``LOL test``."""
        return f"{self.name} {self.split}" if self.split else self.name


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that a report tells.

    Attributes:
        subject: What was compared on.
        protocol: How scores were computed.
        columns: Which scores.
        methods: What was compared, in the order asked for; the first is the one that gates judge.
        missing: Metric that was asked for -> why it is not there.
        notes: Remarks for people.
        device: Where it was computed.
        versions: Library -> version.
    """

    subject: Subject
    protocol: Protocol
    columns: tuple[Column, ...]
    methods: tuple[MethodResult, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    device: str = "cpu"
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 all scored, 3 something was wrong with a file, 4 nothing was scored."""
        if not any(method.pictures for method in self.methods):
            return 4
        return 3 if any(method.problems or not method.is_complete for method in self.methods) else 0
