"""Global options: accepted by each command, and before its name as well.

A command with a parameter ``context: typer.Context`` reads them with ``settings_of(context)``.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from typer.core import TyperArgument, TyperOption

PANEL = "Global options"

Command = Any
"""A click command; Typer does not export the class."""

Option = Any
"""A click option."""

Value = Any
"""The value of any option."""


class ColorChoice(StrEnum):
    """When output is colored."""

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
    """Format of the log file."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class GlobalSettings:
    """Global settings of a call.

    Attributes:
        quiet: Whether stderr gets failures only; stdout gets the same as always.
        verbose: 0 prints results and warnings, 1 also progress in detail, 2 everything.
        log_file: File that everything is appended to.
        log_format: ``text`` or ``json``, a record per line.
        color: ``auto``, ``always`` or ``never``.
        progress: ``auto``, ``bar``, ``lines`` or ``none``.
        config: Configuration file to read instead of those in this folder.
        no_config: Whether configuration files are ignored.
        profile: Profile of the configuration to apply.
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
    """An option whose default is not validated, because that imports pydantic and would slow ``--help``.

    Typer creates its options itself, so their class is changed afterwards.
    """

    def process_value(self, ctx: Value, value: Value) -> Value:
        """The value, validated unless it is the default."""
        source = ctx.get_parameter_source(self.name)
        is_default = source is not None and source.name == "DEFAULT"
        return value if is_default or ctx.resilient_parsing else super().process_value(ctx, value)


class OwnOption(TyperOption):
    """An option whose value is not validated during completion, because that imports pydantic.

    Typer inspects each function given as ``autocompletion`` when the program starts. An attribute
    ``completer`` of what ``typer.Option`` returns is used without that; it takes the context and the
    beginning of the value.
    """

    def process_value(self, ctx: Value, value: Value) -> Value:
        """The value, validated unless the shell asks for completions."""
        return value if ctx.resilient_parsing else super().process_value(ctx, value)

    def shell_complete(self, ctx: Value, incomplete: str) -> list[Value]:
        """Values that start with ``incomplete``."""
        completer = getattr(self.type_descriptor.parameter_info, "completer", None)
        if completer is None:
            return super().shell_complete(ctx, incomplete)
        from lowlight_cli.cli.completion import as_items  # only when the shell asks

        return as_items(completer(ctx, incomplete))


class OwnArgument(TyperArgument):
    """An argument whose value is not validated during completion; see ``OwnOption``."""

    def process_value(self, ctx: Value, value: Value) -> Value:
        """The value, validated unless the shell asks for completions."""
        return value if ctx.resilient_parsing else super().process_value(ctx, value)


def settings_of(context: typer.Context) -> GlobalSettings:
    """Global settings of the command that runs in ``context``."""
    settings = getattr(context.obj, "settings", None)
    return settings if isinstance(settings, GlobalSettings) else GlobalSettings()


def global_options() -> list[Option]:
    """The global options, to be added to a command."""
    declaring = typer.Typer(add_completion=False)
    declaring.command()(_declared)
    options = list(typer.main.get_command(declaring).params)
    for option in options:
        option.__class__ = UncheckedDefault
    return options


def option_key(option: Option) -> str:
    """Name of an option in configuration files: its longest, without dashes in front."""
    return max(option.opts, key=len).lstrip("-")


def settled(given: dict[str, Any]) -> GlobalSettings:
    """Settings from option values by name; enum members become their values."""
    values = {name: getattr(value, "value", value) for name, value in given.items()}
    if values.pop("no_color", False):
        values["color"] = ColorChoice.NEVER.value
    known = {field.name for field in fields(GlobalSettings)}
    return GlobalSettings(**{name: value for name, value in values.items() if name in known})


class _Session(Protocol):
    """What collects the values of global options."""

    def take(self, name: str, value: Value, source: str) -> None:
        """Stores a value; see ``context.Session.take``."""


def _keep(context: typer.Context, option: Option, value: Value) -> Value:
    """Passes a given value to the session; commands do not have it as a parameter."""
    session: _Session | None = context.obj if hasattr(context.obj, "take") else None
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
        typer.Option(
            "--quiet",
            "-q",
            help="Print failures and results only.",
            envvar="LLE_QUIET",
            **_SHARED,
        ),
    ] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            show_default=False,
            help="Print more; -vv prints everything, with tracebacks.",
            **_SHARED,
        ),
    ] = 0,
    log_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Append a full log with timestamps to a file.",
            envvar="LLE_LOG_FILE",
            **_SHARED,
        ),
    ] = None,
    log_format: Annotated[
        LogFormat,
        typer.Option(help="Format of the log file.", envvar="LLE_LOG_FORMAT", **_SHARED),
    ] = LogFormat.TEXT,
    color: Annotated[
        ColorChoice,
        typer.Option(
            help="Color output: auto colors terminals and follows NO_COLOR and FORCE_COLOR.",
            envvar="LLE_COLOR",
            **_SHARED,
        ),
    ] = ColorChoice.AUTO,
    no_color: Annotated[bool, typer.Option("--no-color", help="Same as --color never.", **_SHARED)] = False,
    progress: Annotated[
        ProgressChoice,
        typer.Option(
            help="Progress on stderr: auto draws a bar in a terminal and prints lines elsewhere.",
            envvar="LLE_PROGRESS",
            **_SHARED,
        ),
    ] = ProgressChoice.AUTO,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Configuration file to read instead of ./lle.toml and ./pyproject.toml.",
            envvar="LLE_CONFIG",
            **_SHARED,
        ),
    ] = None,
    no_config: Annotated[
        bool, typer.Option("--no-config", help="Ignore configuration files.", **_SHARED)
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Use the settings of [profile.NAME].",
            envvar="LLE_PROFILE",
            **_SHARED,
        ),
    ] = None,
) -> None:
    """Declares the options; it is never called."""
