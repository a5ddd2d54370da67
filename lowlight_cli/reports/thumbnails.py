"""Small pictures for pages: the whole of it and two details, before and after, each within its bytes."""

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

import cv2
from PIL import Image

from lowlight_cli.reports.regions import Region, brightest_and_darkest
from lowlight_cli.reports.view import Shown, View

LARGEST_TEXT = 40_000
"""Bytes of one picture within a page, as text in base 64."""

_QUALITIES = (84, 76, 68, 58, 48, 38, 28)
_SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Budget:
    """What the small pictures of one pair may take.

    Attributes:
        side: Longest side of the whole picture, in pixels.
        whole: Bytes of the whole picture, as a file.
        detail: Bytes of one detail.
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
    """Shares ten megabytes among the pairs of a page; few pairs get large pictures.

    Args:
        count: Pairs on the page.
    """
    # Base 64 makes four bytes of three; the text around the pictures of a pair takes about 6 kB.
    share = max(18_000, min(110_000, (9_600_000 // max(count, 1) - 6_000) * 3 // 4))
    whole = min(LARGEST_TEXT * 3 // 4, share * 11 // 32)
    return Budget(side=1280 if share > 80_000 else 720, whole=whole, detail=min(9_000, share * 5 // 64))


def make_thumbnails(before: View, after: View, budget: Budget) -> Thumbnails:
    """Shrinks a pair and cuts its details, the same regions from both."""
    height, width = after.luma.shape
    small = _fit(after.pixels, budget.side)
    if before.luma.shape != after.luma.shape:
        before = View(_resized(before.pixels, width, height), _resized(before.luma, width, height))
    brightest, darkest = brightest_and_darkest(before)
    regions = (("darkest part", darkest), ("brightest part", brightest))
    return Thumbnails(
        before=_jpeg(_fit(before.pixels, budget.side), budget.whole),
        after=_jpeg(small, budget.whole),
        details=tuple(_detail(label, before, after, region, budget) for label, region in regions),
        width=small.shape[1],
        height=small.shape[0],
    )


def data_address(jpeg: bytes) -> str:
    """A JPEG file as an address that pages can hold."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def _jpeg(pixels: Shown, most: int) -> bytes:
    """The best JPEG within ``most`` bytes: lower quality first, then fewer pixels."""
    for quality in _QUALITIES:
        data = _encoded(pixels, quality)
        if len(data) <= most:
            return data
    height, width = pixels.shape[:2]
    if max(height, width) <= _SMALLEST_SIDE:
        return data
    return _jpeg(_fit(pixels, max(_SMALLEST_SIDE, max(height, width) * 3 // 4)), most)


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


def _detail(label: str, before: View, after: View, region: Region, budget: Budget) -> Detail:
    first, second = (_jpeg(_cut(view.pixels, region), budget.detail) for view in (before, after))
    return Detail(label, first, second)


def _cut(pixels: Shown, region: Region) -> Shown:
    return pixels[region.top : region.top + region.height, region.left : region.left + region.width]
