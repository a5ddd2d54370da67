"""Keeps the traceback of a bug, so that a user can report it."""

import logging
import os
import sys
import traceback
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.logs import PACKAGE, logging_to
from lowlight_cli.counted import counted
from lowlight_cli.errors import LowlightError
from lowlight_cli.folders import state_folder

MOST_TRACEBACKS = 20
"""Most tracebacks that a run logs; images rarely fail because of more than one bug."""


def keep_traceback(error: BaseException, log_file: Path | None, title: str = "internal error") -> Path | None:
    """Writes a traceback to the log of the run, or else to ``crash.log`` in the user's state folder.

    Args:
        error: What was raised.
        log_file: Log file of the run, which is open; None without one.
        title: What happened, and to which file.

    Returns:
        The file; None if it cannot be written.
    """
    try:
        place = log_file or state_folder() / "crash.log"
        own = None if log_file else replace(GlobalSettings(), quiet=True, log_file=place)
        place.parent.mkdir(parents=True, exist_ok=True)
        with logging_to(own) if own else nullcontext():
            logging.getLogger(PACKAGE).critical("%s: %s", title, error, exc_info=error, extra={"said": True})
    except (OSError, RuntimeError, LowlightError):  # a full disk, or a user without a home
        return None
    return place


def wants_traceback(settings: GlobalSettings) -> bool:
    """Whether tracebacks are also printed: with ``-vv`` or ``LLE_DEBUG=1``."""
    return settings.verbose > 1 or os.environ.get("LLE_DEBUG", "0") not in ("", "0")


def how_to_report(place: Path | None) -> str:
    """How a user can report a bug.

    Args:
        place: File with its traceback, or None.
    """
    return f"please report it with {place or 'the output of a run with -vv'}"


class CrashReporter:
    """Keeps the tracebacks of images that failed because of a bug, and counts these images.

    Args:
        settings: Global options.
    """

    def __init__(self, settings: GlobalSettings) -> None:
        self._settings = settings
        self._count = 0
        self._place: Path | None = None

    def add(self, error: BaseException, title: str) -> None:
        """Counts an image, and keeps its traceback unless there are too many.

        Args:
            error: What was raised.
            title: What happened, and to which file.
        """
        self._count += 1
        if self._count > MOST_TRACEBACKS:
            return
        self._place = keep_traceback(error, self._settings.log_file, title) or self._place
        if wants_traceback(self._settings):
            traceback.print_exception(error, file=sys.stderr)

    def summary(self) -> str | None:
        """The line that says how many images failed, and how to report it; None if none did."""
        if not self._count:
            return None
        subject = counted(self._count, "image")
        return f"lle: error: {subject} failed because of a bug; {how_to_report(self._place)}"
