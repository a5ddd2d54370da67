"""An image from stdin, and an image to stdout.

A file of its own, because only the command line reads stdin and writes stdout.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.plan_request import STDIN_NAME
from lowlight_cli.pipeline.sources import STDIN


@contextmanager
def spool(sources: Sequence[str], out: str | None, *, force_tty: bool) -> Iterator[Path | None]:
    """A temporary folder for the image from stdin and the one for stdout; None if neither is used.

    Args:
        sources: Inputs; ``-`` is stdin.
        out: Output; ``-`` is stdout.
        force_tty: Whether an image may be written to a terminal.

    Raises:
        UsageError: Stdin or stdout is a terminal.
    """
    reads, writes = STDIN in sources, out == STDIN
    if writes and sys.stdout.isatty() and not force_tty:
        raise UsageError("stdout is a terminal; redirect it, or write the image there with --force-tty")
    if reads and sys.stdin.isatty():
        raise UsageError("'-' reads an image from stdin, which is a terminal")
    if not reads and not writes:
        yield None
        return
    with TemporaryDirectory(prefix="lle-") as folder:
        if reads:
            with (Path(folder) / STDIN_NAME).open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        yield Path(folder)


def send(path: Path) -> None:
    """Copies a file to stdout."""
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
