"""Completes the Typer commands: global options, values from configuration, help in sections."""

import re

import typer
from typer.core import TyperCommand, TyperGroup

from lowlight_cli.cli.config_schema import configurable
from lowlight_cli.cli.context import Session
from lowlight_cli.cli.global_options import Command, Option, UncheckedDefault, Value, global_options

_EXAMPLE = re.compile(r"\n\n(?=Examples?:)")
"""Start of an example, whose lines are not wrapped."""

_PYTHON_TYPE = re.compile(r" <((?:list\[)?(?:str|path|Path|int range|int|float range|float)\]?)>$")
"""The type that Typer prints if no metavar is given."""

_METAVARS = {"str": "TEXT", "path": "PATH"}
"""Other types are numbers."""

_DOUBLED = re.compile(r"\[default: \(([^()]*)\)")


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
        setting = self.obj.configuration(self.find_root().command).find(self.words, name)
        return None if setting is None else setting.value

    @property
    def words(self) -> tuple[str, ...]:
        """Name of the command with its groups, without the program."""
        parent = self.parent
        return (*parent.words, str(self.info_name)) if isinstance(parent, ProgramContext) else ()

    def invoke(self, callback: Value, /, *args: Value, **kwargs: Value) -> Value:
        """Runs a command once all global options are known."""
        if isinstance(self.obj, Session) and not hasattr(self.command, "commands"):
            self.obj.resolve(self.find_root().command)
        return super().invoke(callback, *args, **kwargs)


class ProgramCommand(TyperCommand):
    """A command with one help section per group of options."""

    context_class = ProgramContext

    def format_options(self, ctx: Value, formatter: Value) -> None:
        """Writes the options in sections."""
        _write_sections(self, ctx, formatter)


class ProgramGroup(TyperGroup):
    """A group of commands."""

    context_class = ProgramContext

    def get_help_option(self, ctx: Value) -> Option:
        """The option ``--help``; its default is not validated, which would be slow."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.__class__ = UncheckedDefault
        return option

    def format_options(self, ctx: Value, formatter: Value) -> None:
        """Writes the commands, then the options."""
        self.format_commands(ctx, formatter)
        _write_sections(self, ctx, formatter)


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


def _write_sections(command: Command, context: Value, formatter: Value) -> None:
    sections: dict[str, list[tuple[str, str]]] = {}
    for option in command.get_params(context):
        record = option.get_help_record(context)
        if record is not None:
            usual = "Arguments" if option.param_type_name == "argument" else "Options"
            text = _DOUBLED.sub(r"[default: \1", record[1])
            row = (_without_python_types(record[0], is_argument=usual == "Arguments"), text)
            sections.setdefault(getattr(option, "rich_help_panel", None) or usual, []).append(row)
    for title, records in sections.items():
        with formatter.section(title):
            formatter.write_dl(records)


def _without_python_types(name: str, *, is_argument: bool) -> str:
    """``--seed <int range>`` as ``--seed N``, and ``name <str>`` as ``NAME``."""
    found = _PYTHON_TYPE.search(name)
    if is_argument:
        return name[: found.start()].upper() if found else name
    return f"{name[: found.start()]} {_METAVARS.get(found[1], 'N')}" if found else name
