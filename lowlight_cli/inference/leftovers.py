"""What killed runs left behind: half-written files under temporary names."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lowlight_cli.images.replace import TEMPORARY_MARK
from lowlight_cli.inference.scan import STATE_FOLDER

_TEMPORARY_NAME = re.compile(re.escape(TEMPORARY_MARK) + r"\d+$")


def remove_leftovers(folder: Path, targets: Iterable[Path]) -> int:
    """Removes temporary files beside the targets; the caller holds the lock of the folder alone.

    Args:
        folder: Folder of the results.
        targets: What will be written.

    Returns:
        Number of files removed.
    """
    removed = 0
    for place in {folder, folder / STATE_FOLDER, *(target.parent for target in targets)}:
        for path in _temporary_files(place):
            with suppress(OSError):
                path.unlink()
                removed += 1
    return removed


def _temporary_files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if _TEMPORARY_NAME.search(entry.name)]
    except OSError:
        return []
