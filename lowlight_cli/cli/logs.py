"""Logging: everything to a log file, and to stderr what ``--verbose`` asks for.

Any module may log with ``logging.getLogger(__name__)``. Records of messages that were printed carry ``said``
and are not printed again.
"""

import json
import logging
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import print_above_bar
from lowlight_cli.errors import OutputError

PACKAGE = "lowlight_cli"

_STDERR_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class RecordFile(logging.Handler):
    """Appends to a file with one ``write`` per record, so that several runs and logrotate can share it.

    Args:
        path: File; created if missing, but not its folder.

    Raises:
        OutputError: The file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(logging.DEBUG)
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise OutputError(f"cannot write the log {path}: {error.strerror}") from error

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record; a full disk does not end the run."""
        try:
            os.write(self._descriptor, f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            self.handleError(record)

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        super().close()


class Stderr(logging.Handler):
    """Prints records on stderr, except those already printed."""

    def emit(self, record: logging.LogRecord) -> None:
        """Prints a record, above the progress bar if there is one."""
        if not getattr(record, "said", False):
            print_above_bar(f"{record.levelname.lower()}: {self.format(record)}")


class TextRecords(logging.Formatter):
    """``2026-11-20T21:00:00.123+01:00 info    [4711] message``; further lines are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as text."""
        head = f"{_moment(record)} {record.levelname.lower():7} [{record.process}]"
        return "\n    ".join([f"{head} {printable(record.getMessage())}", *_traceback(self, record)])


class JsonRecords(logging.Formatter):
    """One JSON object per line; a record about an event has its fields beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as JSON."""
        entry: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "pid": record.process,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        traceback = _traceback(self, record)
        # Surrogates stand for bytes that are not valid UTF-8; escaped, they are valid JSON.
        return json.dumps(entry | ({"traceback": traceback} if traceback else {}))


@contextmanager
def logging_to(settings: GlobalSettings) -> Iterator[None]:
    """Sends records where the settings say while the context is open.

    Args:
        settings: Verbosity and log file.

    Raises:
        OutputError: The log file cannot be written.
    """
    logger = logging.getLogger(PACKAGE)
    handlers: list[logging.Handler] = [Stderr(_stderr_level(settings))]
    if settings.log_file is not None:
        handlers.append(RecordFile(settings.log_file))
        handlers[-1].setFormatter(JsonRecords() if settings.log_format == "json" else TextRecords())
    level, propagate = logger.level, logger.propagate
    logger.propagate = False
    logger.setLevel(min(handler.level for handler in handlers))
    for handler in handlers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)
        logger.propagate = propagate


def log_start(words: Sequence[str], files: Sequence[str]) -> None:
    """Logs how the program was called.

    Args:
        words: Arguments of the program.
        files: Configuration files that were read.
    """
    logger = logging.getLogger(PACKAGE)
    logger.debug("called as: lle %s, in %s", shlex.join(words), Path.cwd())
    logger.debug("configuration: %s", ", ".join(files) or "no file")


def printable(text: str) -> str:
    """Text without control characters and lone surrogates, which are escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _stderr_level(settings: GlobalSettings) -> int:
    if settings.quiet:
        return logging.ERROR
    return _STDERR_LEVELS[min(settings.verbose, 2)]


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    if not record.exc_info:
        return []
    return [printable(line) for line in formatter.formatException(record.exc_info).splitlines()]
