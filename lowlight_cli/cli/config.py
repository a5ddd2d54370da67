"""``lle config``: effective values, where they come from, and a template file."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from lowlight_cli.cli.config_loader import PROJECT_FILE, candidates, read_config_files, user_file
from lowlight_cli.cli.config_schema import Keys, Section, nearest, section_name
from lowlight_cli.cli.global_options import Command, Option, Value, global_options, settings_of
from lowlight_cli.cli.progress import say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import aligned, as_json
from lowlight_cli.errors import OutputError, UsageError

app = typer.Typer(help="Show configuration values, or create a configuration file.", no_args_is_help=True)

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


def complete_section(context: typer.Context, incomplete: str) -> list[str]:
    """Sections that start with the given text."""
    keys = Keys(context.find_root().command, global_options())
    names = (".".join(words) for words in keys.commands)
    return [name for name in names if name.startswith(incomplete)]


@app.command("show")
def show(
    context: typer.Context,
    section: Annotated[
        str | None,
        typer.Argument(
            metavar="[SECTION]",
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


@app.command("init")
def start(
    context: typer.Context,
    user: Annotated[
        bool, typer.Option("--user", help="Create the user configuration instead of ./lle.toml.")
    ] = False,
) -> None:
    """Create a configuration file with every key commented out.

    An existing file is never overwritten.

    Example:  lle config init
    """
    path = user_file() if user else Path(PROJECT_FILE)
    text = template(Keys(context.find_root().command, global_options()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already; edit or remove it") from None
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
    say(f"wrote {shown(path)}", quiet=settings_of(context).quiet)


@app.command("path")
def show_paths(context: typer.Context, as_json_: JsonOption = False) -> None:
    """Print the configuration files, highest priority first.

    Example:  lle config path
    """
    settings = settings_of(context)
    read = set() if settings.no_config else {file.path for file in read_config_files(settings.config)}
    rows = [{"path": str(path), "read": path in read} for path in candidates(settings.config)]
    if as_json_:
        emit(as_json(rows))
    else:
        emit(aligned((row["path"], "read" if row["read"] else "not read") for row in rows))


def template(keys: Keys) -> str:
    """A configuration file with every key commented out, with its default and meaning.

    Args:
        keys: All known keys.
    """
    lines = ["# Configuration of lle. Remove the # before a key to set it.", ""]
    lines += [_commented(key, option) for key, option in keys.shared.items()]
    for words, options in keys.commands.items():
        if options:
            lines += ["", section_name(words), *(_commented(key, option) for key, option in options.items())]
    return "\n".join(lines) + "\n"


def _commented(key: str, option: Option) -> str:
    meaning = " ".join((option.help or "").split()).split(". ")[0].rstrip(".")
    return f"# {key} = {_literal(option.default)}".rstrip().ljust(36) + f"  # {meaning}"


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
        yield Held("", key, _plain(getattr(settings, option.name)), str(origin))


def _held(context: typer.Context, keys: Keys) -> Iterator[Held]:
    for words, options in keys.commands.items():
        place = _context_of(context.find_root(), words)
        for key, option in options.items():
            value, source = option.consume_value(place, {})
            value = _read_from_environment(option, value, place) if source.name == "ENVIRONMENT" else value
            yield Held(".".join(words), key, _plain(value), _origin(option, source.name, place))


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
    return f"# {held.key} =" if held.value is None else f"{held.key} = {_literal(held.value)}"


def _literal(value: Value) -> str:
    """A value as TOML; a JSON string is one of TOML, too."""
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, list):
        return f"[{', '.join(_literal(item) for item in plain)}]"
    return json.dumps(plain, ensure_ascii=False)


def _plain(value: Value) -> Value:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
