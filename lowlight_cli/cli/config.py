"""``lle config``: effective values, and where they come from."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from lowlight_cli.cli.config_edit import (
    KeyArgument,
    complete_section,
    create_file,
    edit_file,
    set_value,
)
from lowlight_cli.cli.config_loader import Mistakes, candidates, read_config_files
from lowlight_cli.cli.config_schema import Keys, Section, nearest
from lowlight_cli.cli.config_template import literal, plain
from lowlight_cli.cli.global_options import Command, Option, Value, global_options, settings_of
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import aligned, as_json
from lowlight_cli.errors import UsageError

app = typer.Typer(help="Show and change configuration values.", no_args_is_help=True)
app.command("init", short_help="Create a configuration file.")(create_file)
app.command("set", short_help="Set a key in a configuration file.")(set_value)
app.command("edit", short_help="Open the configuration file in an editor.")(edit_file)

DEFAULT = "default"

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Held:
    """An effective value.

    Attributes:
        section: Command, as in a file: ``train.vqgan``; empty for global options.
        key: Option.
        value: The value; None if nothing is set.
        origin: ``default``, a variable, or a file.
    """

    section: str
    key: str
    value: Any
    origin: str


@app.command("show", short_help="Print the effective values.")
def show(
    context: typer.Context,
    section: Annotated[
        str | None,
        typer.Argument(
            metavar="SECTION",
            help="Command to show, such as enhance or train.vqgan; default: all.",
            autocompletion=complete_section,
        ),
    ] = None,
    origin: Annotated[bool, typer.Option("--origin", help="Show where each value comes from.")] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Show only values that differ from the defaults.")
    ] = False,
    as_json_: JsonOption = False,
) -> None:
    """Print the effective values, as a configuration file or as JSON.

    Example:  lle config show enhance --origin
    """
    keys = Keys(context.find_root().command, global_options())
    wanted = None if section is None else _section(section, keys)
    found = [
        held
        for held in (*_held_globals(context, keys), *_held(context, keys))
        if (wanted is None or (held.section + ".").startswith(wanted + "."))
        and not (changed and held.origin == DEFAULT)
    ]
    if as_json_:
        emit(as_json(found))
    else:
        emit(_as_file(found, origin=origin))


@app.command("get", short_help="Print one effective value.")
def get(
    context: typer.Context,
    key: KeyArgument,
    as_json_: JsonOption = False,
) -> None:
    """Print one effective value; nothing if it is not set.

    Lists are printed with one item per line.

    Example:  lle config get enhance.quality
    """
    keys = Keys(context.find_root().command, global_options())
    section, _, name = key.replace("_", "-").rpartition(".")
    words = tuple(section.split(".")) if section else ()
    if words and words not in keys.commands:
        inner = [".".join(each) for each in keys.commands if each[: len(words)] == words]
        if inner:
            raise UsageError(f"'{section}' is a group of commands; name one, such as {inner[0]}.{name}")
        raise UsageError(f"unknown section '{section}'; {nearest(section, map('.'.join, keys.commands))}")
    if name not in keys.options(words):
        raise UsageError(f"unknown key '{key}'; {nearest(name, keys.options(words))}")
    every = _held(context, keys, words) if words else _held_globals(context, keys)
    value = next(held.value for held in every if held.key == name)
    if as_json_:
        emit(as_json(value))
    elif value is not None:
        items = value if isinstance(value, list) else [value]
        emit("\n".join(item if isinstance(item, str) else literal(item) for item in items))


@app.command("path", short_help="Print the files that are searched.")
def show_paths(context: typer.Context, as_json_: JsonOption = False) -> None:
    """Print the configuration files, highest priority first.

    Example:  lle config path
    """
    settings = settings_of(context)
    forgiving = Mistakes(forgiving=True)
    files = [] if settings.no_config else read_config_files(settings.config, forgiving)
    read = {file.path for file in files}
    rows = [{"path": str(path), "read": path in read} for path in candidates(settings.config)]
    if as_json_:
        emit(as_json(rows))
    else:
        emit(aligned((row["path"], "read" if row["read"] else "not read") for row in rows))


def _section(text: str, keys: Keys) -> str:
    words = tuple(text.replace("_", "-").split("."))
    if not keys.is_section(words):
        known = [".".join(name) for name in keys.commands]
        raise UsageError(f"unknown section '{text}'; {nearest(text, known)}")
    return ".".join(words)


def _held_globals(context: typer.Context, keys: Keys) -> Iterator[Held]:
    settings = settings_of(context)
    for key, option in keys.shared.items():
        place = context.obj.origin(option.name)
        setting = context.obj.configuration(context.find_root().command).find((), option.name)
        words = {"COMMANDLINE": "command line", "ENVIRONMENT": option.envvar, None: DEFAULT}[place]
        origin = setting.origin if place is None and setting else words
        yield Held("", key, plain(getattr(settings, option.name)), str(origin))


def _held(context: typer.Context, keys: Keys, only: Section = ()) -> Iterator[Held]:
    for words, options in keys.commands.items():
        if words[: len(only)] != only:
            continue
        place = _context_of(context.find_root(), words)
        for key, option in options.items():
            value, source = option.consume_value(place, {})
            value = _read_from_environment(option, value, place) if source.name == "ENVIRONMENT" else value
            yield Held(".".join(words), key, plain(value), _origin(option, source.name, place))


def _context_of(root: Any, words: Section) -> Any:  # noqa: ANN401 (of click)
    """The context a command would run in."""
    place, command = root, root.command
    for word in words:
        command = command.commands[word]
        place = command.context_class(command, parent=place, info_name=word, obj=root.obj)
    return place


def _read_from_environment(option: Option, text: Value, place: Command) -> Value:
    try:
        return option.get_runtime_param().coerce(text, param=option, ctx=place)
    except typer.BadParameter as error:
        raise UsageError(f"{_variable(option)}: {error}") from None


def _origin(option: Option, source: str, place: Command) -> str:
    if source == "ENVIRONMENT":
        return _variable(option)
    setting = place.obj.configuration(place.find_root().command).find(place.words, option.name)
    return setting.origin if source == "DEFAULT_MAP" and setting else DEFAULT


def _variable(option: Option) -> str:
    return next(name for name in option.envvar if os.environ.get(name))


def _as_file(found: list[Held], *, origin: bool) -> str:
    lines: list[str] = []
    for section in dict.fromkeys(held.section for held in found):
        rows = [held for held in found if held.section == section]
        lines += [f"\n[{section}]" if lines else f"[{section}]"] if section else []
        texts = [_line(held) for held in rows]
        width = max(map(len, texts))
        lines += [
            f"{text.ljust(width)}  # {held.origin}" if origin else text
            for text, held in zip(texts, rows, strict=True)
        ]
    return "\n".join(lines)


def _line(held: Held) -> str:
    return f"# {held.key} =" if held.value is None else f"{held.key} = {literal(held.value)}"
