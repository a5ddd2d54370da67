"""Files of a run: whole or not at all, and a line more; a full disk is an error with a name."""

from pathlib import Path

from lowlight_cli.errors import ImageError, OutputError
from lowlight_cli.images.replace import replace_file


def write_whole(path: Path, data: bytes) -> None:
    """Puts data under a name in one step.

    Raises:
        OutputError: It cannot be written; an older file is as it was.
    """
    try:
        replace_file(path, data)
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error


def append_line(path: Path, line: str) -> None:
    """Adds a line to a file of text.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
