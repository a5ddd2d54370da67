"""Completion in shells: as Typer's, and also for ``--option=value`` and values with a colon.

Bash splits words at ``=`` and ``:`` and replaces only the last part; other shells replace the whole word.
Help beside the names is plain text here; Typer would import rich for it, which takes longer than the rest.
"""

import re
from collections.abc import Sequence
from typing import Any

from typer._click.shell_completion import CompletionItem, add_completion_class
from typer._completion_classes import BashComplete, FishComplete, PowerShellComplete, ZshComplete

_BREAKS = re.compile(r"[=:]+")
"""What Bash makes a word of its own."""

_ADD_NO_SPACE = "    [[ ${COMPREPLY-} == *= ]] && compopt -o nospace\n"
"""After ``--set run.steps=`` the value follows."""


class _Bash(BashComplete):
    source_template = BashComplete.source_template.replace("    return 0\n", f"{_ADD_NO_SPACE}    return 0\n")

    def get_completion_args(self) -> tuple[list[str], str]:
        args, incomplete = super().get_completion_args()
        joined: list[str] = []
        is_open = False
        for word in (*args, incomplete):
            is_break = bool(_BREAKS.fullmatch(word))
            if joined and (is_break or is_open):
                joined[-1] += word
            else:
                joined.append(word)
            is_open = is_break
        return joined[:-1], joined[-1]

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        typed = _value(incomplete)
        done = re.match(r"(?:.*[=:])?", typed)[0]  # type: ignore[index]
        found = super().get_completions(args, incomplete)
        return [_renamed(item, item.value.removeprefix(done)) for item in found]


class _WholeWords:
    """For shells that replace the whole word: values of ``--option=`` start with it."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        found: list[CompletionItem] = super().get_completions(args, incomplete)  # type: ignore[misc]
        before = incomplete.removesuffix(_value(incomplete))
        return [_renamed(item, before + item.value) for item in found]


class _Zsh(_WholeWords, ZshComplete):
    def format_completion(self, item: CompletionItem) -> str:
        named = super().format_completion(CompletionItem(item.value))
        return f'{named}:"{_escaped(item.help)}"' if item.help else named


class _Fish(_WholeWords, FishComplete):
    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.value}\t{' '.join(item.help.split())}" if item.help else str(item.value)


class _PowerShell(_WholeWords, PowerShellComplete):
    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.value}:::{item.help or ' '}"


def use_own_shells() -> None:
    """Replaces Typer's completion classes by those of this module."""
    shells: dict[str, Any] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}
    for name, each in {**shells, "powershell": _PowerShell, "pwsh": _PowerShell}.items():
        add_completion_class(each, name)


def as_items(found: Sequence[str | tuple[str, str]]) -> list[CompletionItem]:
    """Values, or pairs of a value and its help, as the completion classes take them."""
    pairs = ((each, None) if isinstance(each, str) else each for each in found)
    return [CompletionItem(value, help=text) for value, text in pairs]


def _value(incomplete: str) -> str:
    """What follows ``--option=``, or the whole word."""
    return incomplete.partition("=")[2] if re.match("-.*=", incomplete) else incomplete


def _escaped(text: str) -> str:
    """Text inside double quotes of Zsh; colons separate names from help there."""
    for plain, escaped in (('"', '""'), ("'", "''"), ("$", r"\$"), ("`", r"\`"), (":", r"\\:")):
        text = text.replace(plain, escaped)
    return text


def _renamed(item: CompletionItem, value: str) -> CompletionItem:
    return CompletionItem(value, item.type, item.help)
