"""The pages of ``--help``: sections, value names, defaults, and bold headings in a terminal.

Help is laid out without rich, which would take a fifth of the time to start.
"""

import re
from enum import Enum
from typing import get_args

from lowlight_cli.cli.global_options import PANEL, Command, Option, Value
from lowlight_cli.cli.tables import Stream, wants_color

GROUPS = ("Photos", "Research", "Detection", "Help")
"""Sections of ``lle --help``; each command belongs to one of them."""

LONGEST_SUMMARY = 50
"""Characters of a summary that a list of commands shows uncut at 80 columns."""

_ARGUMENTS, _OPTIONS = "Arguments", "Options"

_BOLD, _CYAN, _PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"

_HEADING = re.compile(r"^(Usage:|[A-Z][A-Za-z ]+:(?=$)|Global options:)", re.MULTILINE)

_NAME = re.compile(r"^  (-\S.*?|[A-Za-z][\w-]*)(?=$|  +\S)", re.MULTILINE)
"""An option, argument or command at the start of its line in a list."""


def help_page(context: Value, stream: Stream) -> str:
    """Help of the command of ``context``, with bold headings if ``stream`` shows colors.

    Args:
        context: Context of a command.
        stream: Where the page will be printed.
    """
    given = getattr(context.obj, "given", None)
    page: str = context.get_help()
    color = given().color if given else "auto"
    return _emphasized(page) if wants_color(stream, color) else page


def _emphasized(page: str) -> str:
    head, sections = re.match(r"(?s)(.*?)(^\S[^\n]*:\n.*|\Z)", page, re.MULTILINE).groups()  # type: ignore[union-attr]
    named = _NAME.sub(rf"  {_CYAN}\1{_PLAIN}", sections)
    return _HEADING.sub(rf"{_BOLD}\1{_PLAIN}", head + named)


def write_options(command: Command, context: Value, formatter: Value) -> None:
    """Writes arguments and options in sections; of the global options only ``lle --help`` writes all.

    Args:
        command: The command, a click command.
        context: Its context.
        formatter: Click's formatter of the page.
    """
    sections: dict[str, list[tuple[str, str]]] = {_ARGUMENTS: [], _OPTIONS: []}
    shared: list[Option] = []
    for param in command.get_params(context):
        if getattr(param, "hidden", False):
            continue
        panel = getattr(param, "rich_help_panel", None)
        if panel == PANEL and context.parent is not None:
            shared.append(param)
            continue
        usual = _ARGUMENTS if param.param_type_name == "argument" else _OPTIONS
        sections.setdefault(panel or usual, []).append((_names(param), _meaning(param)))
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)
    if shared:
        formatter.write(f"\n{_one_line(shared, formatter.width)}\n")


def write_commands(command: Command, formatter: Value) -> None:
    """Writes the commands of a group with their summaries, in the order of ``GROUPS``.

    Args:
        command: The group, a click command.
        formatter: Click's formatter of the page.
    """
    sections: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
    for name, child in command.commands.items():
        if not child.hidden:
            title = group_of(child) or "Commands"
            sections.setdefault(title, []).append((name, child.get_short_help_str(formatter.width)))
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def group_of(command: Command) -> str | None:
    """Section of ``lle --help`` that lists a command; None if it has none."""
    panel = getattr(command, "rich_help_panel", None)
    return panel if isinstance(panel, str) else None


def argument_word(param: Option) -> str:
    """An argument as the usage line shows it: ``DIR``, ``[INPUT]...``."""
    word = (param.metavar or param.name.upper()).removesuffix("...")
    return (word if param.required else f"[{word}]") + ("..." if param.nargs == -1 else "")


def value_name(param: Option) -> str:
    """What stands for a value in help: ``0..2``, ``N``, ``FILE``, ``keep|8|16``; empty for a switch."""
    if param.param_type_name == "option" and (param.is_flag or param.count):
        return ""
    if param.metavar not in (None, "N"):
        return str(param.metavar)
    kind, choices = param.type_descriptor.annotation, param.type_descriptor.choices
    if choices:
        return "|".join(str(choice.value if isinstance(choice, Enum) else choice) for choice in choices)
    least, most = getattr(param, "min", None), getattr(param, "max", None)
    if least is not None and most is not None:
        return f"{least:g}..{most:g}"
    inner = next((each for each in get_args(kind) if each is not type(None)), kind)
    return {int: "N", float: "N", str: "TEXT"}.get(inner, "PATH")


def default_text(param: Option) -> str:
    """The default of a parameter in words; empty if there is none to show."""
    shown = param.show_default
    if isinstance(shown, str) or callable(shown):
        return shown if isinstance(shown, str) else str(shown())
    default = getattr(param.default, "value", param.default)
    if param.required or not shown or default is None or callable(default):
        return ""
    if isinstance(default, bool):
        names = param.opts if default else param.secondary_opts
        return max(names, key=len, default="").lstrip("-") if param.secondary_opts else "on" * default
    if isinstance(default, list | tuple):
        return ", ".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) else str(default)


def _names(param: Option) -> str:
    if param.param_type_name == "argument":
        return (param.metavar or str(param.name).upper()).removesuffix("...")
    pairs = (param.opts, param.secondary_opts)
    names = " / ".join(", ".join(sorted(each, key=_dashes)) for each in pairs if each)
    return f"{names} {value_name(param)}".rstrip()


def _dashes(name: str) -> int:
    return len(name) - len(name.lstrip("-"))


def _meaning(param: Option) -> str:
    default, least = default_text(param), getattr(param, "min", None)
    notes = [f"default: {default}"] if default else []
    if least is not None and least > 1 and param.max is None:
        notes.append(f"at least {least:g}")
    if param.param_type_name == "argument" and param.type_descriptor.choices:
        notes.insert(0, f"one of {value_name(param).replace('|', ', ')}")
    notes += ["required"] if param.required else []
    return f"{param.help or ''}  [{'; '.join(notes)}]" if notes else param.help or ""


def _one_line(shared: list[Option], width: int) -> str:
    """The first names of the global options, as many as fit on a line, and where to find the rest."""
    names = [min(option.opts, key=len) for option in shared]
    count = len(names)
    while count > 1:
        rest = "" if count == len(names) else ", ..."
        line = f"Global options: {', '.join(names[:count])}{rest} (see lle --help)"
        if len(line) <= width:
            break
        count -= 1
    return line
