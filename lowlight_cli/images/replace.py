"""Bytes -> file, complete or not at all: written under a temporary name in the same folder, then renamed."""

import errno
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from lowlight_cli.errors import ImageError, OutputError

TEMPORARY_MARK = ".lle-tmp-"
"""Part of every temporary name; such files are never taken for pictures."""

_LONGEST_NAME = 255
_CODES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "permission"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "disk_full"),
}


def replace_file(target: Path, data: bytes) -> None:
    """Puts ``data`` under the name ``target``; a reader sees the old file or the whole new one.

    Folders are made where needed. A link is replaced, not followed.

    Raises:
        ImageError: ``permission``, ``disk_full`` or ``write``; nothing new lies under ``target``.
    """
    temporary = temporary_path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(temporary, data)
        temporary.replace(target)
    except OSError as error:
        # Where the folder is a file, asking for what lies in it is an error of its own.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ImageError(write_code(error), f"{target}: {error.strerror}") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_code(error: BaseException | None) -> str:
    """Short reason for a failed write, as in ``ImageError``."""
    return _CODES.get(getattr(error, "errno", None) or 0, "write")


def temporary_path(target: Path) -> Path:
    """Name beside ``target`` that no other process uses, at most 255 bytes long."""
    end = f"{TEMPORARY_MARK}{os.getpid()}"
    name = os.fsencode(target.name)
    if len(name) + len(end) > _LONGEST_NAME:
        # Cut names may be equal, so the whole name goes in as a hash.
        end = f"-{hashlib.blake2b(name, digest_size=8).hexdigest()}{end}"
        name = name[: _LONGEST_NAME - len(end)]
    return target.with_name(os.fsdecode(name) + end)


def check_writable_folder(folder: Path) -> None:
    """Makes a folder, and makes sure that files can be made in it.

    Raises:
        OutputError: They cannot.
    """
    probe = folder / f"probe{TEMPORARY_MARK}{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_synced(probe, b"")
        probe.unlink()
    except OSError as error:
        raise OutputError(f"cannot write to '{folder}': {error.strerror}") from error


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
