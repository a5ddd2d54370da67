"""What a report page says about a run beside its images: its title, and the command that retries failures."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.errors import printable
from lowlight_cli.pipeline.scan import STATE_FOLDER


@dataclass(frozen=True, slots=True)
class Heading:
    """Title of a page, and a command for its list of failures.

    Attributes:
        title: Name of the output folder.
        retry: Command that retries the failed images; empty if it is unknown.
    """

    title: str
    retry: str = ""


def heading_of(folder: Path, *, absolute: bool) -> Heading:
    """Heading of the pages about a run.

    Args:
        folder: Output folder.
        absolute: Whether its absolute path may be shown.
    """
    resolved = folder.resolve()
    if absolute:
        return Heading(printable(resolved), _retry_command(folder, printable(resolved)))
    return Heading(
        printable(resolved.name or "images"), _retry_command(folder, printable(_without_home(folder)))
    )


def _retry_command(folder: Path, shown: str) -> str:
    """The command that retries the failed images with default options; empty if there is no list of them.

    Args:
        folder: Output folder.
        shown: Its path as it may be shown.
    """
    # If both lists exist, the second lacks the names with line breaks.
    for name, separator in (("failed0.txt", " -0"), ("failed.txt", "")):
        if (folder / STATE_FOLDER / name).is_file():
            listed = _quoted(f"{shown}/{STATE_FOLDER}/{name}")
            words = f"{listed}{separator} -o {_quoted(shown)} --retry-failed always"
            return f"lle enhance --files-from {words}"
    return ""


def _without_home(folder: Path) -> Path | str:
    """A folder as it was given, but ``~`` or ``...`` in place of the path of a home folder."""
    if not folder.is_absolute():
        return folder
    try:
        return f"~/{folder.relative_to(Path.home())}"
    except ValueError:
        parts = folder.parts
        return Path("...", *parts[3:]) if parts[1:2] in (("home",), ("Users",)) else folder


def _quoted(path: str) -> str:
    """A path as one shell word in which the shell still expands ``~``."""
    return f"~/{shlex.quote(path[2:])}" if path.startswith("~/") else shlex.quote(path)
