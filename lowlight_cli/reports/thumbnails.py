"""Thumbnails for pages: the full image and two details, before and after, within a byte budget."""

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from lowlight_cli.reports.display_image import DisplayImage, DisplayPixels

WIDTH, HEIGHT = 168, 112
"""Size of a detail in pixels; it is shown 1:1."""

_GRID = 24


class Region(NamedTuple):
    """A part of an image: first row, first column, height and width in pixels."""

    top: int
    left: int
    height: int
    width: int


def brightest_and_darkest(image: DisplayImage) -> tuple[Region, Region]:
    """The regions with the highest and the lowest mean luma, on a grid of positions."""
    height, width = image.luma.shape
    tall, wide = min(HEIGHT, height), min(WIDTH, width)
    sums = cv2.integral(image.luma)
    tops, lefts = _positions(height - tall), _positions(width - wide)
    means = (
        sums[np.ix_(tops + tall, lefts + wide)]
        - sums[np.ix_(tops, lefts + wide)]
        - sums[np.ix_(tops + tall, lefts)]
        + sums[np.ix_(tops, lefts)]
    )
    return _region(means.argmax(), tops, lefts, tall, wide), _region(means.argmin(), tops, lefts, tall, wide)


def _positions(room: int) -> np.ndarray:
    return np.unique(np.linspace(0, room, _GRID).astype(int))


def _region(index: np.intp, tops: np.ndarray, lefts: np.ndarray, height: int, width: int) -> Region:
    row, column = divmod(int(index), len(lefts))
    return Region(int(tops[row]), int(lefts[column]), height, width)


LARGEST_TEXT = 40_000
"""Bytes of one thumbnail in a page, in base64."""

_QUALITIES = (24, 36, 48, 58, 68, 76, 84)
_SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Budget:
    """Size limits for the thumbnails of one pair.

    Attributes:
        side: Longest side of the full image, in pixels.
        whole: Bytes of the full image.
        detail: Bytes of one detail. If even the lowest quality is larger, the detail is kept anyway.
    """

    side: int
    whole: int
    detail: int


class Detail(NamedTuple):
    """One region at full size: its label, and JPEG files before and after."""

    label: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """JPEG files of one pair.

    Attributes:
        before: Full original.
        after: Full result.
        details: The darkest and the brightest region.
        width: Width of the full images.
        height: Height of the full images.
    """

    before: bytes
    after: bytes
    details: tuple[Detail, ...]
    width: int
    height: int


def budget_for(count: int) -> Budget:
    """Divides ten megabytes among the pairs of a page; fewer pairs get larger thumbnails, from 32 kB a pair.

    Args:
        count: Number of pairs on the page.
    """
    # Base64 turns three bytes into four; the text around the thumbnails of a pair takes about 6 kB.
    share = min(110_000, (9_600_000 // min(max(count, 1), 300) - 6_000) * 3 // 4)
    whole = min(LARGEST_TEXT * 3 // 4, share * 11 // 32)
    return Budget(side=1280 if share > 80_000 else 720, whole=whole, detail=min(9_000, share * 5 // 64))


def make_thumbnails(before: DisplayImage, after: DisplayImage, budget: Budget) -> Thumbnails:
    """Shrinks a pair, and crops the same two regions from both."""
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
    """A JPEG file as a ``data:`` URL."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def _jpeg(pixels: DisplayPixels, most: int) -> bytes:
    """The best JPEG within ``most`` bytes; if none fits, the one of the lowest quality."""
    best, worse, better = None, 0, len(_QUALITIES)
    while worse < better:
        middle = (worse + better) // 2
        data = _encoded(pixels, _QUALITIES[middle])
        if len(data) <= most:
            best, worse = data, middle + 1
        else:
            better = middle
    return best or _encoded(pixels, _QUALITIES[0])


def _whole(pixels: DisplayPixels, budget: Budget) -> bytes:
    """A JPEG of a full image within its budget: first the quality is lowered, then the size."""
    side = min(budget.side, max(pixels.shape[:2]))
    data = _jpeg(_fit(pixels, side), budget.whole)
    while len(data) > budget.whole and side > _SMALLEST_SIDE:
        side = max(_SMALLEST_SIDE, side * 3 // 4)
        data = _jpeg(_fit(pixels, side), budget.whole)
    return data


def _encoded(pixels: DisplayPixels, quality: int) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()


def _fit(pixels: DisplayPixels, side: int) -> DisplayPixels:
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    return pixels if scale >= 1 else _resized(pixels, round(width * scale), round(height * scale))


def _resized(pixels: DisplayPixels, width: int, height: int) -> DisplayPixels:
    return cv2.resize(pixels, (max(1, width), max(1, height)), interpolation=cv2.INTER_AREA)


def _detail(label: str, before: DisplayImage, after: DisplayImage, region: Region, budget: Budget) -> Detail:
    first, second = (_jpeg(_crop(image.pixels, region), budget.detail) for image in (before, after))
    return Detail(label, first, second)


def _crop(pixels: DisplayPixels, region: Region) -> DisplayPixels:
    return pixels[region.top : region.top + region.height, region.left : region.left + region.width]
