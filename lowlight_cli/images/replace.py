"""Writes files atomically: under a temporary name in the same folder, then renamed."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from lowlight_cli.errors import ImageError, OutputError

TEMPORARY_MARK = ".lle-tmp-"
"""Part of every temporary name; such files are never read as inputs."""

_TO_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_MAX_NAME_BYTES = 255
_ATTRIBUTES_OF_CONTENT = ("security.ima", "security.evm")
"""Signatures of the content of a file, which do not apply to new content."""
_CODES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "permission"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "disk_full"),
}


def replace_file(target: Path, data: bytes, *, attributes_of: Path | None = None) -> None:
    """Writes a file; a reader sees the old content or the complete new one.

    Missing folders are created. A symbolic link is replaced, not followed.

    Args:
        target: File to create or replace.
        data: Its content.
        attributes_of: File whose permissions, owner and extended attributes to copy, as far as the system
            allows; None for the defaults of a new file.

    Raises:
        ImageError: ``permission``, ``disk_full`` or ``write``; then ``target`` is unchanged.
    """
    temporary = temporary_path(target)
    try:
        is_private = attributes_of is not None
        try:
            _write_synced(temporary, data, is_private=is_private)
        except (FileNotFoundError, NotADirectoryError):  # only then: nearly all folders exist
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_synced(temporary, data, is_private=is_private)
        if attributes_of is not None:
            _copy_attributes(attributes_of, temporary)
        temporary.replace(target)
    except OSError as error:
        # If the folder is a file, ``unlink`` raises another error.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ImageError(write_code(error), f"{target}: {error.strerror}") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_code(error: BaseException | None) -> str:
    """Code of ``ImageError`` for a failed write: ``permission``, ``disk_full`` or ``write``."""
    return _CODES.get(getattr(error, "errno", None) or 0, "write")


def temporary_path(target: Path) -> Path:
    """A name in the folder of ``target`` that no other process uses, at most 255 bytes long."""
    end = f"{TEMPORARY_MARK}{os.getpid()}"
    name = os.fsencode(target.name)
    if len(name) + len(end) > _MAX_NAME_BYTES:
        import hashlib  # takes milliseconds of every start of the program

        # Shortened names may be equal, so a hash of the full name is added.
        end = f"-{hashlib.blake2b(name, digest_size=8).hexdigest()}{end}"
        name = name[: _MAX_NAME_BYTES - len(end)]
    return target.with_name(os.fsdecode(name) + end)


def check_writable_folder(folder: Path) -> None:
    """Creates a folder if needed and checks that files can be written to it.

    Raises:
        OutputError: The folder cannot be created or written to.
    """
    probe = folder / f"probe{TEMPORARY_MARK}{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_synced(probe, b"")
        probe.unlink(missing_ok=True)  # a process with this number on another machine may be faster
    except OSError as error:
        raise OutputError(f"cannot write to '{folder}': {error.strerror}") from error


def _copy_attributes(source: Path, target: Path) -> None:
    """Copies extended attributes, owner and permissions, as far as the system allows."""
    with suppress(OSError):
        status = source.stat()
        _copy_extended_attributes(source, target)
        # A change of owner resets permissions, so they come last.
        is_owned = _change_owner(target, status)
        target.chmod(stat.S_IMODE(status.st_mode) & (0o7777 if is_owned else 0o777))


def _copy_extended_attributes(source: Path, target: Path) -> None:
    if not hasattr(os, "listxattr"):  # only Linux has it
        return
    names: list[str] = []
    with suppress(OSError):
        names = [name for name in os.listxattr(source) if name not in _ATTRIBUTES_OF_CONTENT]
    for name in names:
        with suppress(OSError):
            os.setxattr(target, name, os.getxattr(source, name))


def _change_owner(target: Path, status: os.stat_result) -> bool:
    """Whether the file now has that owner; the group alone may be changed otherwise."""
    if not hasattr(os, "chown"):  # Windows
        return False
    with suppress(OSError):
        os.chown(target, status.st_uid, status.st_gid)
        return True
    with suppress(OSError):
        os.chown(target, -1, status.st_gid)
    return False


def _write_synced(path: Path, data: bytes, *, is_private: bool = False) -> None:
    """Writes a file and waits until the disk has it; ``is_private`` keeps others from reading it."""
    if is_private:
        path.touch(mode=0o600)
    # The system's own calls: each of those of a file object may wait for Python's lock.
    descriptor = os.open(path, _TO_WRITE, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
