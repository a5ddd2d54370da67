"""Errors a user can cause or meet; each knows the exit code of the program."""


class LowlightError(Exception):
    """Anything wrong that is not a bug of this program."""

    exit_code = 1


class UsageError(LowlightError):
    """An option, name or path that makes no sense."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting that is unknown or out of range."""


class UnknownNameError(UsageError):
    """A name that no catalog holds."""


class WeightsError(LowlightError):
    """Weights or data that are missing, damaged or of another model."""

    exit_code = 6


class UnavailableError(LowlightError):
    """A device or an optional feature that this machine does not have."""

    exit_code = 7


class OutputError(LowlightError):
    """A place that cannot be written to."""

    exit_code = 8


class DivergedError(LowlightError):
    """Training that gave numbers which are not finite or explode, or a rehearsal that failed."""

    exit_code = 9


class GateError(LowlightError):
    """A score beyond a limit that the user has set."""

    exit_code = 10


class LockedError(LowlightError):
    """Another run holds the folder of the results."""

    exit_code = 11


class ImageError(LowlightError):
    """One picture that cannot be read or written; the run goes on without it.

    Args:
        code: Short machine-readable reason: ``unreadable``, ``truncated``, ``unsupported``, ``too_large``,
            ``oom``, ``nonfinite``, ``conflict``, ``write``, ``permission``, ``disk_full``, ``device`` or
            ``internal``.
        message: One line for a person.
    """

    exit_code = 3

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnexpectedImageError(ImageError):
    """A bug that one image met: the code is ``internal``, and the cause is what was raised.

    Args:
        cause: What was raised.
    """

    def __init__(self, cause: BaseException) -> None:
        super().__init__("internal", describe_bug(cause))
        self.__cause__ = cause


def as_image_error(error: Exception, action: str) -> ImageError:
    """What an exception means for the image it concerns.

    Args:
        error: What was raised; an ``ImageError`` stays as it is.
        action: What was being done, for a message: ``read``, ``write``.
    """
    if isinstance(error, ImageError):
        return error
    if isinstance(error, MemoryError):
        return ImageError("oom", f"not enough memory to {action} it")
    return UnexpectedImageError(error)


def describe_bug(error: BaseException, longest: int = 300) -> str:
    """One line about an exception that should not have happened.

    Args:
        error: What was raised.
        longest: Characters of its own message; the crash log has all of them.
    """
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= longest else f"{text[:longest]}..."
