"""``lle help`` and ``lle version``: the same as ``--help`` and ``--version``, as commands."""

import sys
from typing import Annotated

import typer

from lowlight_cli.cli.config_schema import nearest
from lowlight_cli.cli.global_options import Command
from lowlight_cli.cli.help_pages import help_page
from lowlight_cli.errors import UsageError
from lowlight_cli.versions import version_of


def complete_words(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Commands below those given before, with their summaries."""
    command: Command = context.find_root().command
    for word in context.params.get("words") or ():
        command = getattr(command, "commands", {}).get(word)
    children = getattr(command, "commands", {}).items()
    return [
        (name, child.get_short_help_str())
        for name, child in children
        if name.startswith(incomplete) and not child.hidden
    ]


WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="COMMAND", help="Command, such as `train vqgan`.", autocompletion=complete_words),
]


def show_help(context: typer.Context, words: WordsArgument = None) -> None:
    """Print the help of a command.

    Without a command, lists all commands, as `lle --help` does.

    Example:  lle help train vqgan
    """
    place = context.find_root()
    for word in words or ():
        children = getattr(place.command, "commands", {})
        if word not in children:
            group = place.command_path
            hint = nearest(word, children, f"{group} --help") if children else f"`{group}` has no commands"
            raise UsageError(f"no such command '{' '.join(words or ())}'; {hint}")
        child = children[word]
        place = child.context_class(child, parent=place, info_name=word, obj=place.obj)
    typer.echo(help_page(place, sys.stdout), color=True)


def show_version() -> None:
    """Print the version.

    Example:  lle version
    """
    typer.echo(version_line())


def version_line() -> str:
    """Name and version of the program."""
    version = version_of("lowlight-cli")
    return "lle, not installed: run from a checkout" if version is None else f"lle {version}"
