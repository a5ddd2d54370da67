"""Keys of configuration files: the options of the commands, and which values they accept."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import typer

from lowlight_cli.cli.global_options import PANEL, Command, Option, Value, option_key
from lowlight_cli.errors import SettingsError

Section = tuple[str, ...]
"""Name of a command as words, such as ``("train", "vqgan")``; empty for global options."""

PER_CALL = frozenset(
    (
        "out",
        "in-place",
        "no-backup",
        "yes",
        "files-from",
        "null",
        "force-tty",
        "print-config",
        "version",
        "help",
    )
)
"""Options that only the command line may set: in a file they could destroy originals."""

MOST_SHOWN = 12
"""Most names listed in a message."""

_GLOBAL_PER_CALL = frozenset(("config", "no-config", "no-color", "profile"))


def commands_below(command: Command, words: Section = ()) -> Iterator[tuple[Section, Command]]:
    """Each command that is not a group, with its name."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in children.items():
        yield from commands_below(child, (*words, name))


def configurable(command: Command) -> dict[str, Option]:
    """Options of a command that files and environment variables may set, by key."""
    own = (option for option in command.params if option.param_type_name == "option")
    keyed = {option_key(option): option for option in own if option.rich_help_panel != PANEL}
    return {
        key: option
        for key, option in keyed.items()
        if key not in PER_CALL and not key.endswith("-completion")
    }


def configurable_globals(options: list[Option]) -> dict[str, Option]:
    """Global options that files may set, by key."""
    keyed = {option_key(option): option for option in options}
    return {key: option for key, option in keyed.items() if key not in _GLOBAL_PER_CALL}


class Keys:
    """All known keys.

    Args:
        program: The program, a click command.
        shared: Its global options.
    """

    def __init__(self, program: Command, shared: list[Option]) -> None:
        self.commands = {words: configurable(command) for words, command in commands_below(program)}
        self.shared = configurable_globals(shared)
        self._groups = {words[:end] for words in self.commands for end in range(len(words))}

    def is_section(self, words: Section) -> bool:
        """Whether a table of a file may have this name."""
        return words in self.commands or words in self._groups

    def sections_below(self, words: Section) -> list[str]:
        """Names of the tables a table may contain."""
        below = (
            name[len(words)]
            for name in (*self.commands, *self._groups)
            if name[: len(words)] == words != name
        )
        return list(dict.fromkeys(below))

    def options(self, words: Section) -> Mapping[str, Option]:
        """Keys of a table; the table of a group accepts the keys of all its commands."""
        if not words:
            return self.shared
        found: dict[str, Option] = {}
        for name, options in self.commands.items():
            if name[: len(words)] == words:
                found |= options
        return found


def section_name(words: Section) -> str:
    """The header of a table in a file."""
    return f"[{'.'.join(words)}]" if words else "at the top"


def nearest(name: str, known: Iterable[str], listed_by: str = "lle config show") -> str:
    """A hint about a misspelled name.

    Args:
        name: As it was given.
        known: Right names.
        listed_by: Command that lists them, named if they are too many.
    """
    known = list(known)
    near = get_close_matches(name, known, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known: {', '.join(known)}" if len(known) <= MOST_SHOWN else f"see `{listed_by}`"


def fitting(option: Option, value: Value, folder: Path) -> Value:
    """A value from a file as the option accepts it.

    Args:
        option: A click option.
        value: Value in the file.
        folder: Folder that relative paths start from.

    Raises:
        SettingsError: The option does not accept it; the message says what it accepts.
    """
    if option.multiple:
        values = value if isinstance(value, list) else [value]
        return [_single(option, item, folder) for item in values]
    return _single(option, value, folder)


def _single(option: Option, value: Value, folder: Path) -> Value:
    kind = (get_args(option.type_descriptor.annotation) or (option.type_descriptor.annotation,))[0]
    choices, parser = option.type_descriptor.choices, option.type_descriptor.parameter_info.parser
    if parser is not None:
        return _parsed(parser, value)
    if choices is not None:
        words = [str(choice.value if isinstance(choice, Enum) else choice) for choice in choices]
        _demand(isinstance(value, str) and value in words, f"one of {', '.join(words)}", value)
    elif kind is bool:
        _demand(isinstance(value, bool), "true or false", value)
    elif kind is int:
        _demand(isinstance(value, int) and not isinstance(value, bool), "a whole number", value)
    elif kind is float:
        _demand(isinstance(value, int | float) and not isinstance(value, bool), "a number", value)
    elif kind in (str, Path):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        _demand(isinstance(value, str) or (number and kind is str), "text", value)
        value = _path(value, folder) if kind is Path else str(value)
    _in_range(option, value)
    return value


def _parsed(parser: Callable[[str], Any], value: Value) -> str:
    """The text of a value that the option parses by its own rules."""
    _demand(isinstance(value, str | int | float) and not isinstance(value, bool), "text or a number", value)
    try:
        parser(str(value))
    except typer.BadParameter as error:
        raise SettingsError(str(error)) from None
    return str(value)


def _path(text: str, folder: Path) -> Path:
    return Path(text) if text == "-" else folder / Path(text).expanduser()


def _in_range(option: Option, value: Value) -> None:
    least, most = getattr(option, "min", None), getattr(option, "max", None)
    if least is not None:
        _demand(value >= least, f"{least} or more", value)
    if most is not None:
        _demand(value <= most, f"{most} or less", value)


def _demand(met: bool, needed: str, value: object) -> None:
    if not met:
        shown = str(value).lower() if isinstance(value, bool) else repr(value)
        raise SettingsError(f"expected {needed}, not {shown}")
