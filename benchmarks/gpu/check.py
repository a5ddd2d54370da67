"""Runs the sections of the check one after the other, within their time, and writes down what each finds."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from timing import machine_facts

from gpu.clock import Clock
from gpu.sizes import Sizes

Found = Iterator[tuple[str, Any]]
"""Names of cases and what was found, in the order of importance: what comes late may be left out."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every section works with.

    Attributes:
        clock: Times work on the device.
        sizes: How much to do.
        folder: For photos and results; empty at the start, removed at the end.
        root: Top folder of the checkout.
    """

    clock: Clock
    sizes: Sizes
    folder: Path
    root: Path

    @property
    def device(self) -> torch.device:
        """Where models run."""
        return self.clock.device


class Section(NamedTuple):
    """A part of the check.

    Attributes:
        name: Key of its time in ``Sizes.seconds``, and of what it finds in the result.
        find: Gives its cases, given the bench and the seconds that are left for it.
        is_extra: Whether it runs only where it is named.
    """

    name: str
    find: Callable[[Bench, float], Found]
    is_extra: bool = False


class Result:
    """What was found so far; the file is written anew after each case, so that a cut run loses one case.

    Args:
        path: Where to write.
        suite: What was measured.
        facts: Of the machine and the run, beside what ``machine_facts`` says.
    """

    def __init__(self, path: Path, suite: str, facts: dict[str, Any]) -> None:
        self._path = path
        self.content: dict[str, Any] = {
            "v": 1,
            "suite": suite,
            "machine": machine_facts() | facts,
            "cases": {},
            "spent_s": {},
        }

    def note(self, section: str, case: str, found: object) -> None:
        """Adds what was found in a case."""
        self.content["cases"].setdefault(section, {})[case] = found
        self.write()

    def spent(self, section: str, seconds: float) -> None:
        """Adds what a section took."""
        self.content["spent_s"][section] = round(seconds, 1)
        self.write()

    def write(self) -> None:
        """Writes the file in one step."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self.content, indent=1) + "\n")
        part.replace(self._path)


def run_sections(
    sections: tuple[Section, ...], bench: Bench, result: Result, tell: Callable[[str], None]
) -> None:
    """Runs sections in order; what one leaves of its time, those behind it have.

    A section that raises an error is noted with it, and those behind it still run.

    Args:
        sections: What to run.
        bench: What they work with.
        result: Where cases are noted.
        tell: Takes a line for a person.
    """
    end = time.perf_counter()
    for section in sections:
        begin = time.perf_counter()
        end += bench.sizes.seconds[section.name]
        try:
            _run(section, bench, result, end)
        except Exception as error:  # the other sections still count
            result.note(section.name, "error", words_of(error))
        seconds = time.perf_counter() - begin
        result.spent(section.name, seconds)
        tell(f"{section.name:10} {seconds:5.1f} s, {end - time.perf_counter():5.1f} s left over")
        if bench.clock.is_cuda:
            torch.cuda.empty_cache()


def words_of(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {str(error).strip()}"[:300]


def _run(section: Section, bench: Bench, result: Result, end: float) -> None:
    found = section.find(bench, end - time.perf_counter())
    while True:
        if time.perf_counter() >= end:
            result.note(section.name, "cut", "no time was left for the cases that are missing here")
            return
        case = next(found, None)
        if case is None:
            return
        result.note(section.name, *case)
