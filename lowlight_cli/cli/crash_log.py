"""Keeps the traceback of a bug, so that a user can report it."""

import logging
import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.logs import PACKAGE, logging_to
from lowlight_cli.errors import LowlightError
from lowlight_cli.folders import state_folder


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
