"""Caches decoded images on disk, mapped into memory, so that runs start fast and processes share them.

Images are stored one after the other in segments, files that are written once. The index of a segment, a
second file, appears only when the segment is complete; so any number of processes may read and write.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lowlight_cli.counted import counted
from lowlight_cli.errors import ImageError, OutputError, WeightsError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.replace import TEMPORARY_MARK, check_writable_folder
from lowlight_cli.training.cache_folder import DAY_S, usual_cache_folder
from lowlight_cli.training.config import DataSettings
from lowlight_cli.training.distributed import is_first_here, of_all
from lowlight_cli.training.image_segments import (
    Decoded,
    Segment,
    last_use,
    mapped,
    read_index,
    remove,
    size_of,
)

READERS = 4
SEGMENT_BYTES = 2**30
FREE_BYTES = 2**30
"""Free space that the cache leaves on the disk."""
NAMED = 50
"""Number of problems that an error lists."""
LEAVE_OUT = "--skip-broken leaves out what cannot be used"
MOST_SHOWN = 5
"""Number of images left out that are named."""

Files = tuple[Path, ...]
"""One image, or images of one size that belong together."""


class ImageCache:
    """Reads images from files, each only once.

    Args:
        folder: Folder of decoded images; None keeps them in memory.
        limit: Size limit of the folder in bytes; other images stay in memory.
        log: Called with each message.
    """

    def __init__(self, folder: Path | None, limit: int, log: Callable[[str], None] = lambda _: None) -> None:
        self._folder = folder
        self._limit = limit
        self._log = log
        self._used: set[Path] = set()

    def read(self, requested: Sequence[Files]) -> list[Decoded | WeightsError]:
        """Decoded images, or the error of each that cannot be read, in the order of ``requested``."""
        keys = {files: _key(files) for files in requested}
        found = self._kept(set(keys.values()))
        missing = {key: files for files, key in keys.items() if key not in found}
        if missing:
            self._log(f"decoding {len(missing)} of {counted(len(requested), 'image')}")
            found |= self._decoded(missing)
        return [found[keys[files]] for files in requested]

    def _kept(self, keys: set[str]) -> dict[str, Decoded | WeightsError]:
        """Images that are in the cache."""
        found: dict[str, Decoded | WeightsError] = {}
        for index in self._indexes():
            places = {key: place for key, place in read_index(index).items() if key in keys - found.keys()}
            with suppress(OSError, RuntimeError):  # removed by another process, or truncated
                found |= mapped(index, places)
                if places:
                    self._used.add(index)
                    os.utime(index)
        return found

    def _decoded(self, requested: Mapping[str, Files]) -> dict[str, Decoded | WeightsError]:
        """Decodes files, and adds images to the cache as far as they fit."""
        found: dict[str, Decoded | WeightsError] = {}
        segment: Segment | None = None
        try:
            for key, image in _read_all(requested):
                found[key] = image
                if not isinstance(image, Decoded) or not self._has_room(image, segment):
                    continue
                segment = segment or self._new_segment()
                segment.add(key, image)
                del found[key]
                if segment.size >= SEGMENT_BYTES:
                    found |= segment.finish()
                    segment = None
            return {**found, **segment.finish()} if segment else found
        except (OSError, ImageError, OutputError) as error:
            if self._folder is None:
                raise
            self._log(f"cannot write the image cache, images stay in memory: {error}")
            self._folder = None
            lost = {key: files for key, files in requested.items() if key not in found}
            return found | self._decoded(lost)
        finally:
            if segment:
                segment.abandon()

    def _has_room(self, image: Decoded, segment: Segment | None) -> bool:
        if self._folder is None:
            return False
        size = image.pixels.numel() + (segment.size if segment else 0)
        sizes = {index: size_of(index) for index in self._indexes()}
        free = self._limit - sum(sizes.values())
        for index in sorted(sizes, key=last_use):
            if free < size and index not in self._used:
                remove(index)
                free += sizes[index]
        fits = free >= size and shutil.disk_usage(_existing(self._folder)).free >= size + FREE_BYTES
        if not fits:
            self._log(f"the image cache {self._folder} is full; other images stay in memory")
            self._folder = None
        return fits

    def _new_segment(self) -> Segment:
        assert self._folder is not None
        check_writable_folder(self._folder)
        for path in self._folder.glob(f"*{TEMPORARY_MARK}*"):
            if time.time() - path.stat().st_mtime > DAY_S:
                path.unlink(missing_ok=True)
        segment = Segment(self._folder)
        self._used.add(segment.index)
        return segment

    def _indexes(self) -> list[Path]:
        return sorted(self._folder.glob("*.json")) if self._folder else []


def read_images(
    settings: DataSettings,
    requested: Sequence[Files],
    log: Callable[[str], None],
    problems: Sequence[str] = (),
    smallest: int = 1,
) -> list[Decoded | None]:
    """Decoded images; of several processes, the first of each machine decodes them for the others.

    With ``skip_broken``, None stands for an image that cannot be used.

    Args:
        settings: Data settings.
        requested: Files of each image.
        log: Called with each message.
        problems: Problems found before.
        smallest: Smallest allowed side in pixels.

    Raises:
        WeightsError: There are problems, or with ``skip_broken`` nothing else; each image that cannot be read
            or is too small is named.
    """
    cache = ImageCache(cache_folder(settings), int(settings.cache_gigabytes * 1e9), log)
    for turn in (True, False):
        if is_first_here() == turn:
            found = cache.read(requested)
        of_all(None)  # the others wait
    images = [_usable(files, image, smallest) for files, image in zip(requested, found, strict=True)]
    usable = [image for image in images if isinstance(image, Decoded)]
    all_problems = [*problems, *(image for image in images if isinstance(image, str))]
    if all_problems and not (settings.skip_broken and usable):
        advice = "" if settings.skip_broken else LEAVE_OUT
        raise WeightsError(_as_lines(all_problems, advice))
    for problem in all_problems[:MOST_SHOWN]:
        log(f"warning  left out: {problem}")
    if len(all_problems) > MOST_SHOWN:
        log(f"warning  {len(all_problems) - MOST_SHOWN} more left out")
    return [image if isinstance(image, Decoded) else None for image in images]


def _usable(files: Files, image: Decoded | WeightsError, smallest: int) -> Decoded | str:
    """The image, or what is wrong with it."""
    if isinstance(image, WeightsError):
        return str(image)
    if min(image.pixels.shape[1:]) < smallest:
        return f"{files[0]} is smaller than a crop of {smallest}x{smallest} pixels"
    return image


def cache_folder(settings: DataSettings) -> Path | None:
    """Folder of decoded images; None to keep them in memory."""
    if settings.cache not in ("auto", "none"):
        return Path(settings.cache)
    return None if settings.cache == "none" else usual_cache_folder()


def _as_lines(problems: Sequence[str], advice: str) -> str:
    last = [advice] if advice else []
    if len(problems) == 1:
        return "; ".join([problems[0], *last])
    rest = [f"and {len(problems) - NAMED} more"] if len(problems) > NAMED else []
    lines = [f"{counted(len(problems), 'problem')} in the data to train on:", *problems[:NAMED], *rest]
    return "\n".join(["\n  ".join(lines), *last])


def read_pixels(path: Path) -> Tensor:
    """Reads an image as uint8 (3, h, w), with its EXIF orientation applied.

    Raises:
        WeightsError: The file cannot be read.
    """
    try:
        pixels = decode(path).pixels
    except ImageError as error:
        raise WeightsError(f"cannot train on {path}: {error}") from error
    if pixels.dtype == np.uint16:
        pixels = (pixels / 257).round().astype(np.uint8)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def _read_all(requested: Mapping[str, Files]) -> Iterable[tuple[str, Decoded | WeightsError]]:
    """Reads a few images at a time, to limit memory."""
    rest = iter(requested.items())
    with ThreadPoolExecutor(READERS) as pool:
        while some := dict(islice(rest, 4 * READERS)):
            yield from zip(some, pool.map(_read, some.values()), strict=True)


def _read(files: Files) -> Decoded | WeightsError:
    try:
        images = [read_pixels(path) for path in files]
    except WeightsError as error:
        return error
    sizes = [f"{image.shape[2]}x{image.shape[1]}" for image in images]
    if len(set(sizes)) > 1:
        return WeightsError(f"{' and '.join(map(str, files))} differ in size: {' and '.join(sizes)}")
    pixels = torch.cat(images)
    # In integers: exact, and without a copy as floats.
    sums = pixels.flatten(1).sum(1, dtype=torch.int64).tolist()
    return Decoded(pixels, tuple(value / pixels[0].numel() / 255 for value in sums))


def _key(files: Files) -> str:
    """Key of an image: path, size and time of each file."""
    facts: list[str | int] = []
    for path in files:
        facts.append(str(path.absolute()))
        with suppress(OSError):  # reading the file reports it
            status = path.stat()
            facts += [status.st_size, status.st_mtime_ns]
    return blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
