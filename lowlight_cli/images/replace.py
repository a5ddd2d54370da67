"""Bytes -> file, complete or not at all: written under a temporary name in the same folder, then renamed."""

import errno
import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from lowlight_cli.errors import ImageError, OutputError

TEMPORARY_MARK = ".lle-tmp-"
"""Part of every temporary name; such files are never taken for pictures."""

_MAX_NAME_BYTES = 255
_ATTRIBUTES_OF_CONTENT = ("security.ima", "security.evm")
"""Signatures of what a file holds, which are wrong for other content."""
_CODES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "permission"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "disk_full"),
}


def replace_file(target: Path, data: bytes, *, attributes_of: Path | None = None) -> None:
    """Puts ``data`` under the name ``target``; a reader sees the old file or the whole new one.

    Folders are made where needed. A link is replaced, not followed.

    Args:
        target: File to make or to replace.
        data: Its content.
        attributes_of: File whose permissions, owner and extended attributes the new file gets, as far as the
            system allows; None for those of any new file.

    Raises:
        ImageError: ``permission``, ``disk_full`` or ``write``; nothing new lies under ``target``.
    """
    temporary = temporary_path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if attributes_of is not None:
            temporary.touch(mode=0o600)  # the content may be private
        _write_synced(temporary, data)
        if attributes_of is not None:
            _copy_attributes(attributes_of, temporary)
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
    if len(name) + len(end) > _MAX_NAME_BYTES:
        # Cut names may be equal, so the whole name goes in as a hash.
        end = f"-{hashlib.blake2b(name, digest_size=8).hexdigest()}{end}"
        name = name[: _MAX_NAME_BYTES - len(end)]
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


def _copy_attributes(source: Path, target: Path) -> None:
    """Copies extended attributes, owner and permissions; what the system refuses stays as it is."""
    with suppress(OSError):
        facts = source.stat()
        _copy_extended_attributes(source, target)
        # A change of owner resets permissions, so they come last.
        is_owned = _change_owner(target, facts)
        target.chmod(stat.S_IMODE(facts.st_mode) & (0o7777 if is_owned else 0o777))


def _copy_extended_attributes(source: Path, target: Path) -> None:
    if not hasattr(os, "listxattr"):  # Linux alone has it
        return
    names: list[str] = []
    with suppress(OSError):
        names = [name for name in os.listxattr(source) if name not in _ATTRIBUTES_OF_CONTENT]
    for name in names:
        with suppress(OSError):
            os.setxattr(target, name, os.getxattr(source, name))


def _change_owner(target: Path, facts: os.stat_result) -> bool:
    """Whether the file now has that owner; its group may change without it."""
    if not hasattr(os, "chown"):  # Windows
        return False
    with suppress(OSError):
        os.chown(target, facts.st_uid, facts.st_gid)
        return True
    with suppress(OSError):
        os.chown(target, -1, facts.st_gid)
    return False


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
