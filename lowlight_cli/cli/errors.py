"""Turns exceptions into one line on stderr and an exit code."""

import errno
import os
import sys
import traceback
from contextlib import suppress
from types import MappingProxyType

import typer

from lowlight_cli.cli.context import Session
from lowlight_cli.cli.global_options import Option, Value
from lowlight_cli.cli.help_pages import help_page
from lowlight_cli.cli.progress import say, short_paths
from lowlight_cli.errors import (
    LowlightError,
    OutputError,
    UnavailableError,
    UnknownNameError,
    describe_bug,
)
from lowlight_cli.images.replace import write_code

BUG = 1
USAGE = 2
INTERRUPTED = 130
READER_GONE = 141
"""As after SIGPIPE: the reader of the output is gone."""

_RANGE_ERRORS = ("greater_than_equal", "less_than_equal")
_NUMBER_ERRORS = MappingProxyType(
    {"int_parsing": "a whole number", "int_from_float": "a whole number", "float_parsing": "a number"}
)
"""Types of errors of pydantic, and what the value has to be instead."""

_FOREIGN_WORDS = "Value error, "
"""Prefix that pydantic adds to messages about choices."""


def report_error(error: BaseException, session: Session) -> int:
    """Prints what went wrong, and returns the exit code.

    Args:
        error: What was raised.
        session: The call that failed.
    """
    if isinstance(error, BrokenPipeError):
        _finish_stdout()
        return READER_GONE
    with suppress(LowlightError):
        session.open_logs()
    text, code = _line(error, session)
    from lowlight_cli.cli.crash_log import wants_traceback

    if code != USAGE and wants_traceback(session.settings):
        traceback.print_exception(error, file=sys.stderr)
    say(short_paths(text), error=True)
    if code == OutputError.exit_code:
        _finish_stdout()
    return code


def _line(error: BaseException, session: Session) -> tuple[str, int]:
    match error:
        case KeyboardInterrupt():
            return "lle: interrupted", INTERRUPTED
        case typer.Abort():
            return "lle: aborted: the question was not answered", BUG
        case typer.TyperException():
            return _usage(error, session), getattr(error, "exit_code", USAGE)
        case LowlightError():
            return f"lle: error: {error}", error.exit_code
        case _:
            return _outside(error) or (_bug(error, session), BUG)


def _outside(error: BaseException) -> tuple[str, int] | None:
    """Errors of the machine or of a file name; None for others."""
    if isinstance(error, ImportError) and ".so" in str(error):
        # A system library is missing, most often OpenCV's libGL on a machine without a desktop.
        return f"lle: error: {error}; `lle doctor` shows how to fix it", UnavailableError.exit_code
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return f"lle: error: '{error.filename}': {error.strerror}", USAGE
    if isinstance(error, OSError) and write_code(error) == "disk_full":
        place = f"'{error.filename}'" if error.filename else "the output"
        return f"lle: error: cannot write {place}: {error.strerror}", OutputError.exit_code
    return None


def _usage(error: typer.TyperException, session: Session) -> str:
    """A usage error; a command called without arguments prints its help."""
    context, option = getattr(error, "ctx", None), getattr(error, "param", None)
    if context is None:
        return f"lle: error: {error}"
    if type(error).__name__ == "NoArgsIsHelpError":
        return help_page(context, sys.stderr)
    if isinstance(error.__cause__, UnknownNameError):
        return f"lle: error: {error.__cause__}{_origin(context, option, session)}"
    near = getattr(error, "possibilities", None)
    message = _misfit(error, option) or (error.message if near else error.format_message())
    message = message.replace(_FOREIGN_WORDS, "")
    hint = f"; did you mean {near[0]}?" if near else _dashed_file(error, session)
    hint = hint or _origin(context, option, session)
    return f"lle: error: {message.rstrip('.')}{hint}\nTry `{context.command_path} --help`."


def _dashed_file(error: typer.TyperException, session: Session) -> str:
    """A hint about a file whose name was read as an option, as of ``*.jpg``; empty if there is none."""
    option = getattr(error, "option_name", None)
    names = [word for word in session.words if option and word.startswith(option) and os.path.lexists(word)]
    return f"; for the file of that name write ./{names[0]}" if names else ""


def _misfit(error: typer.TyperException, option: Option) -> str:
    """``--contrast must be between 0 and 2, got 3``; empty if something else is wrong."""
    found: Value = getattr(error.__cause__, "errors", list)()
    demand = _demand(option, found[0]["type"]) if found else ""
    if not demand:
        return ""
    name = max(option.opts, key=len) if option.param_type_name == "option" else option.name
    return f"{name} must be {demand}, got {found[0]['input']}"


def _demand(option: Option, kind: str) -> str:
    if kind not in _RANGE_ERRORS:
        return _NUMBER_ERRORS.get(kind, "")
    least, most = getattr(option, "min", None), getattr(option, "max", None)
    if least is not None and most is not None:
        return f"between {least:g} and {most:g}"
    return f"at least {least:g}" if most is None else f"at most {most:g}"


def _origin(context: Value, option: Option, session: Session) -> str:
    """Where a value comes from that was not given on the command line."""
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


def _bug(error: BaseException, session: Session) -> str:
    """A bug."""
    from lowlight_cli.cli.crash_log import how_to_report, keep_traceback

    place = keep_traceback(error, session.settings.log_file)
    return f"lle: internal error: {describe_bug(error)}; {how_to_report(place)}"


def _finish_stdout() -> None:
    """Drops what is left in stdout's buffer if nobody takes it: Python would complain about it at the end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
