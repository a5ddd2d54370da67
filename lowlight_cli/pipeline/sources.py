"""Turns input arguments and lines of ``--files-from`` lists into sources."""

import os
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path
from shlex import quote

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.plan import Source
from lowlight_cli.pipeline.scan import natural_key, scan_folder

STDIN = "-"

_ROOT_MARK = "/./"
"""In a list, the part of a path after this mark is mirrored under the output folder, as in rsync."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def gather_sources(
    arguments: Sequence[str], files_from: str | None, *, null: bool, stdin: Path | None
) -> list[Source]:
    """Every input, in order.

    Args:
        arguments: Paths, glob patterns, and ``-`` for the image from stdin.
        files_from: File that lists inputs, ``-`` for stdin, or None.
        null: Whether names in the list end in NUL instead of a newline.
        stdin: File that holds the image from stdin, if there is one.

    Raises:
        UsageError: The list cannot be read, or an argument is the address of a web page.
    """
    inputs = [source for argument in arguments for source in _sources(argument, stdin)]
    if files_from is not None:
        inputs += [listed(line) for line in _lines(_read_list(files_from), null=null) if line]
    return inputs


def _lines(text: bytes, *, null: bool) -> list[bytes]:
    """Names in a list; CR LF also ends a line. A name that ends in CR needs a list with NULs.

    A byte order mark before the first name is left out.

    Lines that start with ``#`` are comments, unless a file has that name; a list with NULs has none.
    """
    if null:
        return text.split(b"\0")
    lines = (line.removesuffix(b"\r") for line in text.removeprefix(BOM_UTF8).split(b"\n"))
    return [line for line in lines if not line.startswith(b"#") or os.path.lexists(line)]


def listed(line: bytes) -> Source:
    """An input from a list; a relative path, or the part after ``/./``, is mirrored under the output."""
    text = os.fsdecode(line)
    _, mark, below = text.partition(_ROOT_MARK)
    path = Path(text)
    relative = Path(below) if mark else path
    is_inside = not relative.is_absolute() and ".." not in relative.parts and relative.parts
    return Source(path, relative if is_inside else None, listed=True)


def _sources(argument: str, stdin: Path | None) -> list[Source]:
    """The sources one argument names; an existing file of that name wins over a pattern."""
    if argument == STDIN and stdin is not None:
        return [Source(stdin)]
    if _ADDRESS.match(argument) and not os.path.lexists(argument):
        raise UsageError(f"addresses are not fetched: curl -s {quote(argument)} | lle enhance - -o FILE")
    is_pattern = has_magic(argument) and not os.path.lexists(argument)
    found = glob(argument, recursive=True) if is_pattern else []  # noqa: PTH207 - Path.glob refuses absolute patterns
    if not found:
        return [Source(Path(argument))]
    return [Source(path, listed=True) for path in sorted(map(Path, found), key=natural_key)]


def _read_list(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"--files-from '{name}': {error.strerror}") from error


def images_in(folder: Path) -> list[Path]:
    """Images in a folder and its subfolders, in natural order.

    Raises:
        UsageError: There are none.
    """
    found = list(scan_folder(folder).images)
    if not found:
        raise UsageError(f"no images in '{folder}'")
    return found
