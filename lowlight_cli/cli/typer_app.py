"""Completes the Typer commands: global options, values from configuration, help in sections."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from lowlight_cli.cli.config_loader import Configuration
from lowlight_cli.cli.config_schema import configurable
from lowlight_cli.cli.context import Session
from lowlight_cli.cli.global_options import (
    Command,
    Option,
    OwnArgument,
    OwnOption,
    UncheckedDefault,
    Value,
    global_options,
)
from lowlight_cli.cli.help_pages import (
    LONGEST_SUMMARY,
    argument_word,
    help_page,
    write_commands,
    write_options,
)
from lowlight_cli.errors import UsageError

_OWN: Mapping[type, type] = MappingProxyType({TyperOption: OwnOption, TyperArgument: OwnArgument})
"""Classes of parameters; Typer creates its own, so they are changed afterwards."""

_EXAMPLE = re.compile(r"\n\n(?=Examples?:)")
"""Start of an example, whose lines are not wrapped."""

FORGIVING = frozenset(
    (
        *(("doctor",), ("schema",), ("help",), ("version",), ("models", "path")),
        *(("config", name) for name in ("show", "get", "set", "edit", "init", "path")),
    )
)
"""Commands that report mistakes in configuration files as warnings and go on."""


class ProgramContext(typer.Context):
    """A click context whose options fall back on configuration files."""

    def lookup_default(self, name: str, call: bool = True) -> Value:
        """The value of an option in configuration files, or None."""
        del call
        # Help and completion read no files; groups start before the files are chosen.
        if self.resilient_parsing or hasattr(self.command, "commands"):
            return None
        option = next((option for option in self.command.params if option.name == name), None)
        if not isinstance(self.obj, Session) or option is None or option.is_eager:
            return None
        setting = self._configuration(self.obj).find(self.words, name)
        return None if setting is None else setting.value

    @property
    def words(self) -> tuple[str, ...]:
        """Name of the command with its groups, without the program."""
        parent = self.parent
        return (*parent.words, str(self.info_name)) if isinstance(parent, ProgramContext) else ()

    def invoke(self, callback: Value, /, *args: Value, **kwargs: Value) -> Value:
        """Runs a command once all global options are known."""
        if isinstance(self.obj, Session) and not hasattr(self.command, "commands"):
            self._configuration(self.obj)
            self.obj.resolve(self.find_root().command)
        return super().invoke(callback, *args, **kwargs)

    def _configuration(self, session: Session) -> Configuration:
        return session.configuration(self.find_root().command, forgiving=self.words in FORGIVING)


class ProgramCommand(TyperCommand):
    """A command with one help section per group of options."""

    context_class = ProgramContext

    def get_help_option(self, ctx: Value) -> Option:
        """The option ``--help``."""
        return _help_option(super().get_help_option(ctx))

    def get_short_help_str(self, limit: int = 2 * LONGEST_SUMMARY) -> str:
        """Summary for lists and completion; click would cut it after 45 characters."""
        return super().get_short_help_str(limit)

    def collect_usage_pieces(self, ctx: Value) -> list[str]:
        """Words of the usage line after the name of the command."""
        arguments = [param for param in self.get_params(ctx) if param.param_type_name == "argument"]
        return ["[OPTIONS]", *map(argument_word, arguments)]

    def format_options(self, ctx: Value, formatter: Value) -> None:
        """Writes the options in sections."""
        write_options(self, ctx, formatter)


class ProgramGroup(TyperGroup):
    """A group of commands."""

    context_class = ProgramContext

    def get_help_option(self, ctx: Value) -> Option:
        """The option ``--help``."""
        return _help_option(super().get_help_option(ctx))

    def get_short_help_str(self, limit: int = 2 * LONGEST_SUMMARY) -> str:
        """Summary for lists and completion; click would cut it after 45 characters."""
        return super().get_short_help_str(limit)

    def format_options(self, ctx: Value, formatter: Value) -> None:
        """Writes the commands, then the options."""
        write_commands(self, formatter)
        write_options(self, ctx, formatter)

    def resolve_command(self, ctx: Value, args: list[str]) -> Value:
        """The command that the first word names; a path in its place gets a hint."""
        word = args[0]
        is_path = ctx.parent is None and word not in self.commands and Path(word).exists()
        if is_path and not ctx.resilient_parsing:
            raise UsageError(f"'{word}' is not a command; did you mean `lle enhance {word}`?")
        return super().resolve_command(ctx, args)


def _help_option(option: Option) -> Option:
    """The same option; its default is not validated, which would be slow, and its page has bold headings."""
    if option is not None:
        option.__class__ = UncheckedDefault
        option.callback = _show_help
    return option


def _show_help(context: typer.Context, _: Option, wanted: Value) -> None:
    if wanted and not context.resilient_parsing:
        typer.echo(help_page(context, sys.stdout), color=True)
        raise typer.Exit


def finished(app: typer.Typer) -> Command:
    """The program as a click command, with what all its commands have in common.

    Args:
        app: The Typer app.
    """
    app.info.cls = ProgramGroup
    _use_own_classes(app)
    program = typer.main.get_command(app)
    for option in program.params:
        option.__class__ = UncheckedDefault
    _finish(program, (), global_options())
    return program


def _use_own_classes(app: typer.Typer) -> None:
    for command in app.registered_commands:
        command.cls = ProgramCommand
    for group in app.registered_groups:
        group.cls = ProgramGroup
        if group.typer_instance is not None:
            _use_own_classes(group.typer_instance)


def _finish(command: Command, words: tuple[str, ...], shared: list[Option]) -> None:
    if command.help:
        command.help = _EXAMPLE.sub("\n\n\b\n", command.help)
    for param in command.params:
        if type(param) in _OWN:
            param.__class__ = _OWN[type(param)]
    for key, option in configurable(command).items():
        _offer_environment(option, words, key)
    taken = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    command.params += [option for option in shared if not taken & {*option.opts}]
    for name, child in getattr(command, "commands", {}).items():
        _finish(child, (*words, name), shared)


def _offer_environment(option: Option, words: tuple[str, ...], key: str) -> None:
    """Lets ``LLE_<COMMAND>_<OPTION>`` set an option; it overrides the short variable that some have."""
    short = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
    if short:
        option.help = f"{(option.help or '').rstrip('.')}. Environment: {', '.join(short)}."
    option.show_envvar = False
    option.envvar = ["_".join(("lle", *words, key)).replace("-", "_").upper(), *short]
