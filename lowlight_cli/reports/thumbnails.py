"""Small pictures for pages: the whole of it and two details, before and after, each within its bytes."""

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from lowlight_cli.reports.display_image import DisplayImage, Shown

WIDTH, HEIGHT = 168, 112
"""Pixels of a region, shown one to one."""

_GRID = 24


class Region(NamedTuple):
    """A part of a picture: its first row and column, and its size in pixels."""

    top: int
    left: int
    height: int
    width: int


def brightest_and_darkest(view: DisplayImage) -> tuple[Region, Region]:
    """The regions with the highest and the lowest mean brightness, on a grid of possible places."""
    height, width = view.luma.shape
    tall, wide = min(HEIGHT, height), min(WIDTH, width)
    sums = cv2.integral(view.luma)
    tops, lefts = _places(height - tall), _places(width - wide)
    means = (
        sums[np.ix_(tops + tall, lefts + wide)]
        - sums[np.ix_(tops, lefts + wide)]
        - sums[np.ix_(tops + tall, lefts)]
        + sums[np.ix_(tops, lefts)]
    )
    return _region(means.argmax(), tops, lefts, tall, wide), _region(means.argmin(), tops, lefts, tall, wide)


def _places(room: int) -> np.ndarray:
    return np.unique(np.linspace(0, room, _GRID).astype(int))


def _region(place: np.intp, tops: np.ndarray, lefts: np.ndarray, height: int, width: int) -> Region:
    row, column = divmod(int(place), len(lefts))
    return Region(int(tops[row]), int(lefts[column]), height, width)


LARGEST_TEXT = 40_000
"""Bytes of one picture within a page, as text in base 64."""

_QUALITIES = (24, 36, 48, 58, 68, 76, 84)
_SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Budget:
    """What the small pictures of one pair may take.

    Attributes:
        side: Longest side of the whole picture, in pixels.
        whole: Bytes of the whole picture, as a file.
        detail: Bytes of one detail, which keeps its size whatever the quality.
    """

    side: int
    whole: int
    detail: int


class Detail(NamedTuple):
    """JPEG files of one region at full size: what it is, before and after."""

    label: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """JPEG files of one pair.

    Attributes:
        before: The whole original.
        after: The whole result.
        details: The darkest and the brightest region.
        width: Columns of the whole pictures.
        height: Their rows.
    """

    before: bytes
    after: bytes
    details: tuple[Detail, ...]
    width: int
    height: int


def budget_for(count: int) -> Budget:
    """Shares ten megabytes among the pairs of a page; few pairs get large pictures, none less than 32 kB.

    Args:
        count: Pairs on the page.
    """
    # Base 64 makes four bytes of three; the text around the pictures of a pair takes about 6 kB.
    share = min(110_000, (9_600_000 // min(max(count, 1), 300) - 6_000) * 3 // 4)
    whole = min(LARGEST_TEXT * 3 // 4, share * 11 // 32)
    return Budget(side=1280 if share > 80_000 else 720, whole=whole, detail=min(9_000, share * 5 // 64))


def make_thumbnails(before: DisplayImage, after: DisplayImage, budget: Budget) -> Thumbnails:
    """Shrinks a pair and cuts its details, the same regions from both."""
    height, width = after.luma.shape
    scale = min(1.0, budget.side / max(height, width))
    if before.luma.shape != after.luma.shape:
        before = DisplayImage(_resized(before.pixels, width, height), _resized(before.luma, width, height))
    brightest, darkest = brightest_and_darkest(before)
    regions = (("darkest part", darkest), ("brightest part", brightest))
    return Thumbnails(
        before=_whole(before.pixels, budget),
        after=_whole(after.pixels, budget),
        details=tuple(_detail(label, before, after, region, budget) for label, region in regions),
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
    )


def data_address(jpeg: bytes) -> str:
    """A JPEG file as an address that pages can hold."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def _jpeg(pixels: Shown, most: int) -> bytes:
    """The best JPEG within ``most`` bytes; of the lowest quality where none is."""
    best, worse, better = None, 0, len(_QUALITIES)
    while worse < better:
        middle = (worse + better) // 2
        data = _encoded(pixels, _QUALITIES[middle])
        if len(data) <= most:
            best, worse = data, middle + 1
        else:
            better = middle
    return best or _encoded(pixels, _QUALITIES[0])


def _whole(pixels: Shown, budget: Budget) -> bytes:
    """A JPEG of a whole picture: of lower quality first, then of fewer pixels, until it is small enough."""
    side = min(budget.side, max(pixels.shape[:2]))
    data = _jpeg(_fit(pixels, side), budget.whole)
    while len(data) > budget.whole and side > _SMALLEST_SIDE:
        side = max(_SMALLEST_SIDE, side * 3 // 4)
        data = _jpeg(_fit(pixels, side), budget.whole)
    return data


def _encoded(pixels: Shown, quality: int) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()


def _fit(pixels: Shown, side: int) -> Shown:
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    return pixels if scale >= 1 else _resized(pixels, round(width * scale), round(height * scale))


def _resized(pixels: Shown, width: int, height: int) -> Shown:
    return cv2.resize(pixels, (max(1, width), max(1, height)), interpolation=cv2.INTER_AREA)


def _detail(label: str, before: DisplayImage, after: DisplayImage, region: Region, budget: Budget) -> Detail:
    first, second = (_jpeg(_cut(view.pixels, region), budget.detail) for view in (before, after))
    return Detail(label, first, second)


def _cut(pixels: Shown, region: Region) -> Shown:
    return pixels[region.top : region.top + region.height, region.left : region.left + region.width]
