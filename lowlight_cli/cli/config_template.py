"""Configuration files as text: the template of ``lle config init``, and values as TOML."""

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

from lowlight_cli.cli.config_schema import Keys, Section, section_name
from lowlight_cli.cli.global_options import Option, Value, global_options
from lowlight_cli.cli.help_pages import group_of

_PER_RUN = frozenset(("json", "dry-run", "rehearse"))
"""Keys that a template leaves out: they belong to one run."""


def template(program: Value, only: Section = ()) -> str:
    """A configuration file with keys commented out, each with its default and meaning.

    Keys that several commands of a group share stand once, in the table of the group.

    Args:
        program: The program, a click command.
        only: Command or group; all commands and the global options if empty.
    """
    keys = Keys(program, global_options())
    lines = ["# Configuration of lle. Remove the # before a key to set it."]
    if not only:
        lines += ["", *(_commented(key, option) for key, option in keys.shared.items())]
    for words, options in _tables(keys):
        in_help = group_of(program.commands[words[0]]) == "Help"
        rows = [_commented(key, option) for key, option in options.items() if key not in _PER_RUN]
        if rows and words[: len(only)] == only and (only or not in_help):
            lines += ["", section_name(words), *rows]
    return "\n".join(lines) + "\n"


def _tables(keys: Keys) -> Iterator[tuple[Section, Mapping[str, Option]]]:
    """Tables with their keys: those of commands, and before them what the commands of a group share."""
    done: set[Section] = set()
    for words, options in keys.commands.items():
        group = words[:-1]
        siblings = [each for name, each in keys.commands.items() if group and name[:-1] == group]
        shared = {key: each[key] for each in siblings for key in each if _held_by(siblings, key) > 1}
        if group and group not in done:
            done.add(group)
            yield group, shared
        yield words, {key: option for key, option in options.items() if key not in shared}


def _held_by(tables: list[dict[str, Option]], key: str) -> int:
    return sum(key in table for table in tables)


def _commented(key: str, option: Option) -> str:
    return f"# {key} = {literal(option.default)}".rstrip().ljust(36) + f"  # {summary(option)}"


def summary(option: Option) -> str:
    """The first sentence of an option's help, without its full stop."""
    return " ".join((option.help or "").split()).split(". ")[0].rstrip(".")


def literal(value: Value) -> str:
    """A value as TOML; a JSON string is one of TOML as well."""
    simple = plain(value)
    if simple is None:
        return ""
    if isinstance(simple, list):
        return f"[{', '.join(literal(item) for item in simple)}]"
    return json.dumps(simple, ensure_ascii=False)


def plain(value: Value) -> Value:
    """A value without enum members and paths, which become their values and text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
