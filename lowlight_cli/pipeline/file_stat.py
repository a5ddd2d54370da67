"""Size, modification time and identity of a file, which show changes without reading it."""

from pathlib import Path
from typing import NamedTuple


class FileStat(NamedTuple):
    """What the file system says about a file.

    Attributes:
        size: Size in bytes.
        mtime_ns: Modification time in nanoseconds.
        identity: Device and inode, equal for two names of one file.
    """

    size: int
    mtime_ns: int
    identity: tuple[int, int] = (0, 0)


def file_stat(path: Path) -> FileStat | None:
    """Stat of a file, or of the target of a link; None if it does not exist or is not accessible."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return FileStat(found.st_size, found.st_mtime_ns, (found.st_dev, found.st_ino))
