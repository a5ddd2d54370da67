"""Errors that are not bugs, with the exit code of the program for each."""

import os
from pathlib import Path


class LowlightError(Exception):
    """Any error that is not a bug of this program."""

    exit_code = 1


class UsageError(LowlightError):
    """An invalid option, name or path."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting that is unknown or out of range."""


class UnknownNameError(UsageError):
    """A name that is not in a catalog."""


class WeightsError(LowlightError):
    """Weights or data that are missing, damaged or do not fit the model."""

    exit_code = 6


class UnavailableError(LowlightError):
    """A device or optional feature that is not available on this machine."""

    exit_code = 7


class OutputError(LowlightError):
    """An output that cannot be written."""

    exit_code = 8


class DivergedError(LowlightError):
    """Training diverged or gave values that are not finite, or a rehearsal failed."""

    exit_code = 9


class GateError(LowlightError):
    """A score violates a limit set by the user."""

    exit_code = 10


class LockedError(LowlightError):
    """Another run uses the output folder."""

    exit_code = 11


class ImageError(LowlightError):
    """One image that cannot be read or written; the run goes on without it.

    Args:
        code: Short machine-readable reason: ``unreadable``, ``truncated``, ``unsupported``, ``too_large``,
            ``missing``, ``read``, ``oom``, ``nonfinite``, ``conflict``, ``write``, ``permission``,
            ``disk_full``, ``device``, ``crashed`` or ``internal``.
        message: One line for the user.
    """

    exit_code = 3

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnexpectedImageError(ImageError):
    """A bug that made one image fail, with the code ``internal``; ``__cause__`` is the exception.

    Args:
        cause: The exception.
    """

    def __init__(self, cause: BaseException) -> None:
        super().__init__("internal", describe_bug(cause))
        self.__cause__ = cause


def as_image_error(error: Exception, action: str) -> ImageError:
    """Converts an exception into an error of one image.

    Args:
        error: The exception; an ``ImageError`` is returned unchanged.
        action: What failed, for the message: ``read`` or ``write``.
    """
    if isinstance(error, ImageError):
        return error
    if isinstance(error, MemoryError):
        return ImageError("oom", f"not enough memory to {action} the image")
    return UnexpectedImageError(error)


def describe_bug(error: BaseException, longest: int = 300) -> str:
    """Describes an unexpected exception in one line.

    Args:
        error: The exception.
        longest: Maximum number of characters; the crash log has the full text.
    """
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= longest else f"{text[:longest]}..."


def printable(text: Path | str) -> str:
    """A path, or a message that may name one, on one line and safe for any terminal or file.

    Bytes that are not UTF-8 and characters that cannot be printed are written as escapes.
    """
    decoded = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in decoded)
