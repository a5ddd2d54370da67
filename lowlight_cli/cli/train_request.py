"""What the options of a training command ask for."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import typer


class Given(NamedTuple):
    """A setting that an option sets: its dotted name, and its value."""

    setting: str
    value: Any


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What the options of a command ask for.

    Attributes:
        context: Context of the command.
        out: Run folder; None if not given.
        preset: Name of the settings to start from; None for ``lite``.
        config: TOML file of settings.
        given: Settings from options, of which None were not given.
        assignments: Texts of the form ``a.b=value``, over everything else.
        dry_run: Take one step, and keep nothing.
        rehearse: Take 300 steps on the CPU, and keep nothing.
        print_config: Print the settings, and do nothing else.
    """

    context: typer.Context
    out: Path | None
    preset: str | None
    config: Path | None
    given: tuple[Given, ...]
    assignments: tuple[str, ...]
    dry_run: bool
    rehearse: bool
    print_config: bool

    def with_given(self, *given: Given) -> "TrainingRequest":
        """The same request with settings of more options."""
        return replace(self, given=(*self.given, *given))
