"""Original images in a dataset: copied, linked, or converted.

Labels refer to upright images. Trainers differ in whether they apply EXIF orientation, so rotated images are
rewritten upright. Not all trainers read raw files, HEIC and GIF, so these are converted.
"""

import errno
import filecmp
import os
from pathlib import Path

from lowlight_cli.detection.choices import Link
from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.encode import encode
from lowlight_cli.images.replace import replace_file, temporary_path
from lowlight_cli.images.settings import ReadSettings


def place_original(source: Path, target: Path, link: Link, *, is_ready: bool) -> bool:
    """Places one original, unless an earlier run did; returns whether anything was written.

    Args:
        source: The original; it is only read.
        target: Its path in the dataset.
        link: How it is placed if it needs no conversion.
        is_ready: Whether it needs no conversion: upright as stored, and in the format of the target.

    Raises:
        ImageError: It cannot be read or written.
    """
    if is_placed(source, target, link, is_ready=is_ready):
        return False
    if not is_ready:
        encode(decode(source, ReadSettings(frames="first")), target)
        os.utime(target, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
    elif link is Link.COPY:
        _copy(source, target)
    else:
        _link(source, target, link)
    return True


def is_placed(source: Path, target: Path, link: Link, *, is_ready: bool) -> bool:
    """Whether an original is in its place: by link, inode, or size and modification time or content.

    Args:
        source: The original.
        target: Its path in the dataset.
        link: How it is placed if it needs no conversion.
        is_ready: Whether it needs no conversion.
    """
    try:
        here, there = source.stat(), target.lstat()
    except OSError:
        return False
    if link is Link.SYMLINK and is_ready:
        return target.is_symlink() and target.resolve() == source.resolve()
    if target.is_symlink():
        return False
    if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
        return link is Link.HARDLINK  # a copy can be edited without changing the original
    if here.st_mtime_ns != there.st_mtime_ns:
        return is_ready and here.st_size == there.st_size and filecmp.cmp(source, target, shallow=False)
    return not is_ready or here.st_size == there.st_size


def _copy(source: Path, target: Path) -> None:
    try:
        data, stat = source.read_bytes(), source.stat()
    except OSError as error:
        raise ImageError("unreadable", error.strerror or str(error)) from error
    replace_file(target, data)
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _link(source: Path, target: Path, link: Link) -> None:
    temporary = temporary_path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        if link is Link.SYMLINK:
            temporary.symlink_to(source.resolve())
        else:
            temporary.hardlink_to(source.resolve())
        temporary.replace(target)
        temporary.unlink(missing_ok=True)  # renaming one hard link onto another has no effect
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if link is Link.HARDLINK and error.errno in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            _copy(source, target)  # another disk, or no support for hard links
            return
        raise ImageError("write", f"{target}: {error.strerror}") from error
