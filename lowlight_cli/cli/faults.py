"""How the program ends when something is wrong: one line on stderr, and an exit code."""

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer

from lowlight_cli.cli.progress import say
from lowlight_cli.cli.session import Session
from lowlight_cli.errors import LowlightError, UnavailableError

BUG = 1
USAGE = 2
INTERRUPTED = 130
READER_GONE = 141
"""As after SIGPIPE: whoever read the output went away."""


def tell_fault(error: BaseException, session: Session) -> int:
    """Says what ended the program, and gives its exit code.

    Args:
        error: What was raised.
        session: The call that it ended.
    """
    if isinstance(error, BrokenPipeError):
        return _leave_quietly()
    if isinstance(error, KeyboardInterrupt):
        return _say("lle: interrupted", INTERRUPTED)
    if isinstance(error, typer.Abort):
        return _say("lle: stopped: nobody answered the question", BUG)
    if isinstance(error, typer.TyperException):
        return _say(_usage(error, session), getattr(error, "exit_code", USAGE))
    if isinstance(error, LowlightError):
        _show_traceback(error, session)
        return _say(f"lle: error: {error}", error.exit_code)
    if isinstance(error, ImportError) and ".so" in str(error):
        # A system library is missing, most often OpenCV's libGL on a machine without a desktop.
        return _say(f"lle: error: {error}; `lle doctor` tells the remedy", UnavailableError.exit_code)
    return _bug(error, session)


def _say(text: str, code: int) -> int:
    say(text, error=True)
    return code


def _usage(error: typer.TyperException, session: Session) -> str:
    """A mistake on the command line; help that was asked for by saying nothing is printed as it is."""
    context, option = getattr(error, "ctx", None), getattr(error, "param", None)
    if context is None:
        return f"lle: error: {error}"
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error)
    near = sorted(getattr(error, "possibilities", None) or ())
    message = error.message if near else error.format_message()  # type: ignore[attr-defined]
    hint = f"; did you mean {' or '.join(near)}?" if near else _origin(context, option, session)
    return f"lle: error: {message.rstrip('.')}{hint}\nTry `{context.command_path} --help`."


def _origin(context: Any, option: Any, session: Session) -> str:  # noqa: ANN401 (of click)
    """Where a value came from that was not typed."""
    if option is None:
        return ""
    source = getattr(context.get_parameter_source(option.name), "name", "")
    if source == "ENVIRONMENT":
        names = [option.envvar] if isinstance(option.envvar, str) else option.envvar
        return f"; it comes from {next(name for name in names if os.environ.get(name))}"
    if source == "DEFAULT_MAP":
        setting = session.configuration(context.find_root().command).find(context.words, option.name)
        return f"; it comes from {setting.origin}" if setting else ""
    return ""


def _bug(error: BaseException, session: Session) -> int:
    """Something that must not happen."""
    if _wants_traceback(session):
        _show_traceback(error, session)
    else:
        place = _write_traceback(error, session)
        where = f"with {place}" if place else "after a run with -vv, which shows where it happened"
        text = f"lle: internal error: {type(error).__name__}: {error}; please report it, {where}"
        return _say(" ".join(text.split()), BUG)
    return _say(f"lle: internal error: {type(error).__name__}: {error}; please report it", BUG)


def _wants_traceback(session: Session) -> bool:
    return session.settings.verbose > 1 or os.environ.get("LLE_DEBUG", "0") not in ("", "0")


def _show_traceback(error: BaseException, session: Session) -> None:
    if _wants_traceback(session):
        traceback.print_exception(error, file=sys.stderr)


def _write_traceback(error: BaseException, session: Session) -> Path | None:
    """Keeps a traceback in the log file of the run, or else in one of the user's state; None if neither can be."""
    import logging

    from lowlight_cli.cli.global_options import GlobalSettings
    from lowlight_cli.cli.logs import PACKAGE, logging_to

    place = session.settings.log_file or state_folder() / "crash.log"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with logging_to(GlobalSettings(quiet=True, log_file=place, log_format=session.settings.log_format)):
            said = {"said": True}
            logging.getLogger(PACKAGE).critical("internal error: %s", error, exc_info=error, extra=said)
    except (OSError, LowlightError):
        return None
    return place


def state_folder() -> Path:
    """Folder for what is kept between runs: ``$XDG_STATE_HOME/lle``."""
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "lle"


def _leave_quietly() -> int:
    # Python flushes stdout once more when it ends, and would complain.
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return READER_GONE
    return READER_GONE
