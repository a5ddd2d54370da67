"""What tells whether a file is still the same, without reading it."""

from pathlib import Path
from typing import NamedTuple


class FileStat(NamedTuple):
    """A file as the system describes it.

    Attributes:
        size: Bytes.
        mtime_ns: Time of the last change, in nanoseconds.
        identity: Device and inode: what tells files apart whatever their names.
    """

    size: int
    mtime_ns: int
    identity: tuple[int, int] = (0, 0)


def file_stat(path: Path) -> FileStat | None:
    """Facts of a file, or of what a link leads to; None where there is nothing or it may not be asked for."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return FileStat(found.st_size, found.st_mtime_ns, (found.st_dev, found.st_ino))
