"""Words of the command line and lines of lists -> inputs."""

import os
import sys
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.plan import Source
from lowlight_cli.pipeline.scan import natural_key, scan_folder

STDIN = "-"

_ROOT_MARK = "/./"
"""Stands in a line between what is only searched and what is mirrored, as in rsync."""


def gather(words: Sequence[str], files_from: str | None, *, null: bool, stdin: Path | None) -> list[Source]:
    """Every input, in order.

    Args:
        words: Paths, patterns, and ``-`` for what came on stdin.
        files_from: File of a list, ``-`` for stdin, or None.
        null: Whether names in the list end in NUL instead of a line break.
        stdin: Where the picture that came on stdin lies, if any.

    Raises:
        UsageError: The list cannot be read.
    """
    inputs = [source for word in words for source in _sources(word, stdin)]
    if files_from is not None:
        inputs += [listed(line) for line in _lines(_read_list(files_from), null=null) if line]
    return inputs


def _lines(text: bytes, *, null: bool) -> list[bytes]:
    """Names in a list; lines may end as on Windows. Names that end in CR themselves need NULs."""
    return text.split(b"\0") if null else [line.removesuffix(b"\r") for line in text.split(b"\n")]


def listed(line: bytes) -> Source:
    """An input from a list: a relative path is mirrored as it stands, and so is all that follows ``/./``."""
    text = os.fsdecode(line)
    _, mark, below = text.partition(_ROOT_MARK)
    path = Path(text)
    relative = Path(below) if mark else path
    is_inside = not relative.is_absolute() and ".." not in relative.parts and relative.parts
    return Source(path, relative if is_inside else None, listed=True)


def _sources(word: str, stdin: Path | None) -> list[Source]:
    """What a word stands for: a file called so goes before a pattern."""
    if word == STDIN and stdin is not None:
        return [Source(stdin)]
    is_pattern = has_magic(word) and not os.path.lexists(word)
    found = glob(word, recursive=True) if is_pattern else []  # noqa: PTH207 - Path.glob takes no absolute one
    if not found:
        return [Source(Path(word))]
    return [Source(path, listed=True) for path in sorted(map(Path, found), key=natural_key)]


def _read_list(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"--files-from '{name}': {error.strerror}") from error


def pictures_in(folder: Path) -> list[Path]:
    """Pictures of a folder and of those in it, in natural order.

    Raises:
        UsageError: There is none.
    """
    found = list(scan_folder(folder).pictures)
    if not found:
        raise UsageError(f"no picture in '{folder}'")
    return found
