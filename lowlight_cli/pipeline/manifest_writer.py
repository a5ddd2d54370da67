"""Appends to a manifest or journal, so that a crash costs at most the line being written."""

import os
import threading
import time
from pathlib import Path

from lowlight_cli.errors import OutputError
from lowlight_cli.pipeline.manifest import Entry, line_of

_SYNC_LINES = 32
_SYNC_SECONDS = 2.0


class ManifestWriter:
    """Appends to a manifest or journal; writes each line at once, and syncs every few lines and on close.

    Args:
        path: The file; created with the first line.
        sync_pause_s: Least seconds from one sync to the next, for which whoever adds a line waits.
    """

    def __init__(self, path: Path, *, sync_pause_s: float = 0.0) -> None:
        self._path = path
        self._file: int | None = None
        self._sync_pause_s = sync_pause_s
        self._unsynced = 0
        self._synced_at = time.monotonic()
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Appends a line; thread-safe.

        Raises:
            OutputError: The file cannot be written.
        """
        try:
            with self._lock:
                os.write(self._opened(), line_of(entry))
                self._unsynced += 1
                if self._is_due(time.monotonic() - self._synced_at):
                    self._sync()
        except OSError as error:
            raise OutputError(f"cannot write '{self._path}': {error.strerror}") from error

    def close(self) -> None:
        """Syncs all lines to the disk and closes the file.

        Raises:
            OutputError: The file cannot be written.
        """
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            os.fsync(file)
        except OSError as error:
            raise OutputError(f"cannot write '{self._path}': {error.strerror}") from error
        finally:
            os.close(file)

    def _opened(self) -> int:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            size = os.fstat(self._file).st_size
            if size and os.pread(self._file, 1, size - 1) != b"\n":
                os.write(self._file, b"\n")  # ends a line cut short by a crash
        return self._file

    def _is_due(self, seconds: float) -> bool:
        """Whether to sync, if the last time was so many seconds ago."""
        return seconds > (self._sync_pause_s if self._unsynced >= _SYNC_LINES else _SYNC_SECONDS)

    def _sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file)
        self._unsynced, self._synced_at = 0, time.monotonic()
