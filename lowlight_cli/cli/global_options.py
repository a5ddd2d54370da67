"""Options that each command has, and that are taken before its name, too.

A command that declares ``context: typer.Context`` asks for them with ``settings_of(context)``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperOption

if TYPE_CHECKING:
    from lowlight_cli.cli.context import Session

PANEL = "Global options"

Command = Any
"""A command of click, which Typer carries inside and does not show."""

Option = Any
"""An option of such a command."""

Value = Any
"""A value of any option."""


class ColorChoice(StrEnum):
    """When colors are used."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class ProgressChoice(StrEnum):
    """How progress is shown on stderr."""

    AUTO = "auto"
    BAR = "bar"
    LINES = "lines"
    NONE = "none"


class LogFormat(StrEnum):
    """Form of the records in a log file."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class GlobalSettings:
    """What holds for any command.

    Attributes:
        quiet: Whether success is silent.
        verbose: 0 tells results and warnings, 1 what happens on the way, 2 everything.
        log_file: File that the whole story is appended to.
        log_format: ``text`` or ``json``, a record per line.
        color: ``auto``, ``always`` or ``never``.
        progress: ``auto``, ``bar``, ``lines`` or ``none``.
        config: Configuration file in place of the one in this folder.
        no_config: Whether configuration files are left alone.
        profile: Part of the configuration that goes before the rest.
    """

    quiet: bool = False
    verbose: int = 0
    log_file: Path | None = None
    log_format: str = LogFormat.TEXT.value
    color: str = ColorChoice.AUTO.value
    progress: str = ProgressChoice.AUTO.value
    config: Path | None = None
    no_config: bool = False
    profile: str | None = None


class UncheckedDefault(TyperOption):
    """An option whose default is not checked: that takes pydantic, for which each ``--help`` would wait.

    Typer makes its options itself, so they become of this class afterwards.
    """

    def process_value(self, ctx: Value, value: Value) -> Value:
        """A value, checked where somebody gave it."""
        source = ctx.get_parameter_source(self.name)
        return value if source is not None and source.name == "DEFAULT" else super().process_value(ctx, value)


def settings_of(context: typer.Context) -> GlobalSettings:
    """What the global options and their configuration say for the command that runs in ``context``."""
    settings = getattr(context.obj, "settings", None)
    return settings if isinstance(settings, GlobalSettings) else GlobalSettings()


def global_options() -> list[Option]:
    """The options themselves, to be added to those of a command."""
    declaring = typer.Typer(add_completion=False)
    declaring.command()(_declared)
    options = list(typer.main.get_command(declaring).params)
    for option in options:
        option.__class__ = UncheckedDefault
    return options


def option_key(option: Option) -> str:
    """Name of an option in configuration files: its longest, without dashes in front."""
    return max(option.opts, key=len).lstrip("-")


def settled(given: Mapping[str, Any]) -> GlobalSettings:
    """Settings from the values of options, by name; enums become their words."""
    values = {name: getattr(value, "value", value) for name, value in given.items()}
    if values.pop("no_color", False):
        values["color"] = ColorChoice.NEVER.value
    known = {field.name for field in fields(GlobalSettings)}
    return GlobalSettings(**{name: value for name, value in values.items() if name in known})


def _keep(context: typer.Context, option: Option, value: Value) -> Value:
    """Hands a value that somebody gave to the session; the commands themselves never see it."""
    session: Session | None = context.obj if hasattr(context.obj, "take") else None
    source = context.get_parameter_source(option.name)
    if session is not None and source is not None and not context.resilient_parsing:
        session.take(option.name, value, source.name)
    return value


_SHARED: dict[str, Any] = {
    "callback": _keep,
    "is_eager": True,
    "expose_value": False,
    "show_envvar": False,
    "rich_help_panel": PANEL,
}


def _declared(
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Say nothing on success.", envvar="LLE_QUIET", **_SHARED),
    ] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            show_default=False,
            help="Say more; -vv says all, and shows tracebacks.",
            **_SHARED,
        ),
    ] = 0,
    log_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Append the whole story to a file, with times.",
            envvar="LLE_LOG_FILE",
            **_SHARED,
        ),
    ] = None,
    log_format: Annotated[
        LogFormat,
        typer.Option(help="Form of the records in that file.", envvar="LLE_LOG_FORMAT", **_SHARED),
    ] = LogFormat.TEXT,
    color: Annotated[
        ColorChoice,
        typer.Option(
            help="auto colors terminals; NO_COLOR and FORCE_COLOR are heard.",
            envvar="LLE_COLOR",
            **_SHARED,
        ),
    ] = ColorChoice.AUTO,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="The same as --color never.", **_SHARED)
    ] = False,
    progress: Annotated[
        ProgressChoice,
        typer.Option(
            help="auto draws a bar in a terminal; elsewhere it prints a line now and then.",
            envvar="LLE_PROGRESS",
            **_SHARED,
        ),
    ] = ProgressChoice.AUTO,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Configuration in place of ./lle.toml and ./pyproject.toml.",
            envvar="LLE_CONFIG",
            **_SHARED,
        ),
    ] = None,
    no_config: Annotated[
        bool, typer.Option("--no-config", help="Read no configuration file.", **_SHARED)
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Part of the configuration that goes before the rest.",
            envvar="LLE_PROFILE",
            **_SHARED,
        ),
    ] = None,
) -> None:
    """Declares the options; it is never called."""
