"""One picture before and after, as a picture to send to somebody."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath

import cv2
import numpy as np
from PIL import Image, ImageDraw

from lowlight_cli.reports.display_image import DisplayImage, Shown
from lowlight_cli.reports.measure import Measures
from lowlight_cli.reports.record import Record
from lowlight_cli.reports.report_options import COMPARISON_END, Style
from lowlight_cli.reports.text_drawing import write_line
from lowlight_cli.reports.totals import describe_controls

LONGEST_SIDE = 2048

_LEAST_WIDTH = 480
"""Narrower comparisons get margins, so that their caption can be read."""
_LONGEST_NAME = 255
"""Bytes that a file name may have."""
_DIVIDER = 4
_SLANT = 0.12
"""How far the border of a split leans, as a share of the width, to each side of the middle."""
_GROUND, _TEXT, _QUIET, _LINE = (11, 13, 17), (237, 234, 228), (157, 167, 179), (242, 240, 236)


def comparison_places(records: Sequence[Record], folder: Path) -> dict[PurePath, Path]:
    """Files for the comparisons, by place of the result: ``a/x_compare.jpg`` for ``a/x.png``.

    Results that differ in their ending only keep it: ``x.png_compare.jpg``.

    Args:
        records: Pictures with a result.
        folder: Where the comparisons go; the folders among the results are mirrored in it.
    """
    places = {record.place: _inside(record.place) for record in records}
    uses = Counter(str(inside.with_suffix("")).casefold() for inside in places.values())
    return {
        place: folder / inside.with_name(_shortened(_stem(inside, uses)) + COMPARISON_END)
        for place, inside in places.items()
    }


def draw_comparison(
    record: Record, measures: Measures, before: DisplayImage, after: DisplayImage, style: Style
) -> Image.Image:
    """Puts a pair together over a caption with the model, its strengths and the change of brightness.

    Args:
        record: What the run knew.
        measures: What was measured.
        before: Original.
        after: Result.
        style: Beside each other, along a slanted border, or one above the other.
    """
    pair = _join(before.pixels, after.pixels, style)
    height, width = pair.shape[:2]
    whole = max(width, _LEAST_WIDTH)
    size = max(14.0, whole / 72)
    strip = Image.new("RGB", (whole, height + round(2.6 * size)), _GROUND)
    strip.paste(Image.fromarray(pair), ((whole - width) // 2, 0))
    canvas, middle = ImageDraw.Draw(strip), height + 1.3 * size
    light = f"luma {measures.before.luma:.0%} to {measures.after.luma:.0%}"
    maker = " ".join(part for part in (record.model, record.preset) if part)
    words = " · ".join(part for part in (record.name, maker, describe_controls(record)) if part)
    margin = 0.8 * size
    written = write_line(
        canvas, (whole - margin, middle), light, size=size, most=whole / 2, color=_TEXT, anchor="rm"
    )
    room = whole - 4 * margin - written
    write_line(canvas, (margin, middle), words, size=size, most=room, color=_QUIET, anchor="lm")
    return strip


def _stem(place: PurePath, uses: Counter[str]) -> str:
    return place.stem if uses[str(place.with_suffix("")).casefold()] == 1 else place.name


def _shortened(stem: str) -> str:
    """A stem that leaves room for the end of the name; what is cut lives on as a hash."""
    raw = os.fsencode(stem)
    if len(raw) <= _LONGEST_NAME - len(COMPARISON_END):
        return stem
    digest = hashlib.blake2b(raw, digest_size=8).hexdigest()
    kept = raw[: _LONGEST_NAME - len(COMPARISON_END) - len(digest) - 1]
    return f"{kept.decode('utf-8', 'ignore')}-{digest}"


def _inside(place: PurePath) -> PurePath:
    """The place of a result, never above the folder it is relative to."""
    return place if not place.is_absolute() and ".." not in place.parts else PurePath(place.name)


def _join(before: Shown, after: Shown, style: Style) -> Shown:
    height, width = after.shape[:2]
    across, down = (2 if style is Style.SIDE else 1), (2 if style is Style.STACK else 1)
    scale = min(1.0, (LONGEST_SIDE - _DIVIDER) / max(width * across, height * down))
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    first, second = (cv2.resize(side, size, interpolation=cv2.INTER_AREA) for side in (before, after))
    if style is Style.SPLIT:
        return _split(first, second)
    axis = 1 if style is Style.SIDE else 0
    shape = list(first.shape)
    shape[axis] = _DIVIDER
    return np.concatenate((first, np.full(shape, _LINE, np.uint8), second), axis=axis)


def _split(before: Shown, after: Shown) -> Shown:
    """The original left of a slanted border, the result right of it."""
    height, width = after.shape[:2]
    lean = _SLANT * (1 - 2 * np.arange(height)[:, None] / max(height - 1, 1))
    distance = np.arange(width)[None] - width * (0.5 + lean)
    joined = np.where((distance < 0)[..., None], before, after)
    joined[np.abs(distance) <= _DIVIDER / 2] = _LINE
    return joined
