"""The commands of Typer, finished: with global options, values from files, and help in sections."""

import typer
from typer.core import TyperCommand, TyperGroup

from lowlight_cli.cli.config_schema import configurable
from lowlight_cli.cli.context import Session
from lowlight_cli.cli.global_options import Command, Option, UncheckedDefault, Value, global_options


class ProgramContext(typer.Context):
    """One level of a call, whose options fall back on configuration files."""

    def lookup_default(self, name: str, call: bool = True) -> Value:
        """What files say about an option; None where they say nothing."""
        del call
        # Help and completion read no files; groups start before all is read that chooses the files.
        if self.resilient_parsing or hasattr(self.command, "commands"):
            return None
        option = next((option for option in self.command.params if option.name == name), None)
        if not isinstance(self.obj, Session) or option is None or option.is_eager:
            return None
        setting = self.obj.configuration(self.find_root().command).find(self.words, name)
        return None if setting is None else setting.value

    @property
    def words(self) -> tuple[str, ...]:
        """Names of the command and of its groups, without the program's."""
        parent = self.parent
        return (*parent.words, str(self.info_name)) if isinstance(parent, ProgramContext) else ()

    def invoke(self, callback: Value, /, *args: Value, **kwargs: Value) -> Value:
        """Starts a command, once all global options are known."""
        if isinstance(self.obj, Session) and not hasattr(self.command, "commands"):
            self.obj.resolve(self.find_root().command)
        return super().invoke(callback, *args, **kwargs)


class ProgramCommand(TyperCommand):
    """A command whose help has a section for each group of options."""

    context_class = ProgramContext

    def format_options(self, ctx: Value, formatter: Value) -> None:
        """Writes the options, section by section."""
        _write_sections(self, ctx, formatter)


class ProgramGroup(TyperGroup):
    """A group of commands."""

    context_class = ProgramContext

    def get_help_option(self, ctx: Value) -> Option:
        """The option ``--help``, which must be as quick as its default is."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.__class__ = UncheckedDefault
        return option

    def format_options(self, ctx: Value, formatter: Value) -> None:
        """Writes the commands, then the options."""
        self.format_commands(ctx, formatter)
        _write_sections(self, ctx, formatter)


def finished(app: typer.Typer) -> Command:
    """The program as a command of click, with all that is the same for each of its commands.

    Args:
        app: What the commands were added to.
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
    for key, option in configurable(command).items():
        _offer_environment(option, words, key)
    taken = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    command.params += [option for option in shared if not taken & {*option.opts}]
    for name, child in getattr(command, "commands", {}).items():
        _finish(child, (*words, name), shared)


def _offer_environment(option: Option, words: tuple[str, ...], key: str) -> None:
    """Lets ``LLE_<COMMAND>_<OPTION>`` set an option, before the short variable that some have."""
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
            sections.setdefault(getattr(option, "rich_help_panel", None) or usual, []).append(record)
    for title, records in sections.items():
        with formatter.section(title):
            formatter.write_dl(records)
