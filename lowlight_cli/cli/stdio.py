"""A picture on stdin, and a picture on stdout."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lowlight_cli.cli.sources import STDIN
from lowlight_cli.errors import UsageError


@contextmanager
def spool(chosen: Mapping[str, Any]) -> Iterator[Path | None]:
    """A folder for what comes on stdin and what goes to stdout; None where neither does.

    Args:
        chosen: Value of each option, by the name of its parameter.

    Raises:
        UsageError: Stdin or stdout is a terminal.
    """
    reads, writes = STDIN in (chosen["sources"] or ()), chosen["out"] == STDIN
    if writes and sys.stdout.isatty() and not chosen["force_tty"]:
        raise UsageError("a picture would go to the terminal; redirect stdout, or insist with --force-tty")
    if reads and sys.stdin.isatty():
        raise UsageError("'-' reads a picture from stdin, which is a terminal")
    if not reads and not writes:
        yield None
        return
    with TemporaryDirectory(prefix="lle-") as folder:
        if reads:
            with stdin_path(Path(folder)).open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        yield Path(folder)


def stdin_path(folder: Path) -> Path:
    """Where the picture from stdin lies."""
    return folder / "stdin"


def stdout_path(folder: Path, suffix: str) -> Path:
    """Where the picture for stdout is put together.

    Args:
        folder: The folder of the spool.
        suffix: Ending that tells the format; empty keeps that of the input.
    """
    return folder / f"stdout{suffix}"


def send(path: Path) -> None:
    """Copies a file to stdout."""
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
