"""Comparisons: an original and its result in one image, with a caption."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath

import cv2
import numpy as np
from PIL import Image, ImageDraw

from lowlight_cli.pipeline.manifest import Entry
from lowlight_cli.reports.display_image import DisplayImage, DisplayPixels
from lowlight_cli.reports.measure import Measures
from lowlight_cli.reports.report_options import COMPARISON_END, Style
from lowlight_cli.reports.text_drawing import write_line
from lowlight_cli.reports.totals import describe_controls

LONGEST_SIDE = 2048

_LEAST_WIDTH = 480
"""Narrower comparisons get margins, so that the caption is readable."""
_LONGEST_NAME = 255
"""Bytes in a file name."""
_DIVIDER = 4
_SLANT = 0.12
"""Horizontal offset of the border of a split at its ends, relative to the width."""
_BACKGROUND, _TEXT, _MUTED, _LINE = (11, 13, 17), (237, 234, 228), (157, 167, 179), (242, 240, 236)


def comparison_paths(entries: Sequence[Entry], folder: Path) -> dict[str, Path]:
    """File of each comparison, by ``Entry.output``: ``a/x_compare.jpg`` for ``a/x.png``.

    Results that differ only in their extension keep it: ``x.png_compare.jpg``.

    Args:
        entries: Images with a result.
        folder: Folder of the comparisons; it mirrors the subfolders of the results.
    """
    inside = {entry.output: _inside(PurePath(entry.output)) for entry in entries if entry.output}
    uses = Counter(str(path.with_suffix("")).casefold() for path in inside.values())
    return {
        output: folder / path.with_name(_shortened(_stem(path, uses)) + COMPARISON_END)
        for output, path in inside.items()
    }


def draw_comparison(
    entry: Entry, measures: Measures, before: DisplayImage, after: DisplayImage, style: Style
) -> Image.Image:
    """Draws a pair above a caption with its name, the model, its controls and the change of luma.

    Args:
        entry: Manifest entry; ``input`` is the name to show.
        measures: Original and result compared.
        before: Original.
        after: Result.
        style: Side by side, split along a slanted border, or stacked.
    """
    pair = _join(before.pixels, after.pixels, style)
    height, width = pair.shape[:2]
    total_width = max(width, _LEAST_WIDTH)
    size = max(14.0, total_width / 72)
    comparison = Image.new("RGB", (total_width, height + round(2.6 * size)), _BACKGROUND)
    comparison.paste(Image.fromarray(pair), ((total_width - width) // 2, 0))
    canvas, middle = ImageDraw.Draw(comparison), height + 1.3 * size
    luma = f"luma {measures.before.luma:.0%} to {measures.after.luma:.0%}"
    model = " ".join(part for part in (entry.model, entry.preset) if part)
    caption = " · ".join(part for part in (entry.input, model, describe_controls(entry)) if part)
    margin = 0.8 * size
    written = write_line(
        canvas,
        (total_width - margin, middle),
        luma,
        size=size,
        most=total_width / 2,
        color=_TEXT,
        anchor="rm",
    )
    room = total_width - 4 * margin - written
    write_line(canvas, (margin, middle), caption, size=size, most=room, color=_MUTED, anchor="lm")
    return comparison


def _stem(path: PurePath, uses: Counter[str]) -> str:
    return path.stem if uses[str(path.with_suffix("")).casefold()] == 1 else path.name


def _shortened(stem: str) -> str:
    """A stem that leaves room for the end of the name; a hash replaces the part that is cut off."""
    raw = os.fsencode(stem)
    if len(raw) <= _LONGEST_NAME - len(COMPARISON_END):
        return stem
    digest = hashlib.blake2b(raw, digest_size=8).hexdigest()
    kept = raw[: _LONGEST_NAME - len(COMPARISON_END) - len(digest) - 1]
    return f"{kept.decode('utf-8', 'ignore')}-{digest}"


def _inside(path: PurePath) -> PurePath:
    """A relative path that stays inside its folder."""
    return path if not path.is_absolute() and ".." not in path.parts else PurePath(path.name)


def _join(before: DisplayPixels, after: DisplayPixels, style: Style) -> DisplayPixels:
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


def _split(before: DisplayPixels, after: DisplayPixels) -> DisplayPixels:
    """The original left of a slanted border, the result right of it."""
    height, width = after.shape[:2]
    lean = _SLANT * (1 - 2 * np.arange(height)[:, None] / max(height - 1, 1))
    distance = np.arange(width)[None] - width * (0.5 + lean)
    joined = np.where((distance < 0)[..., None], before, after)
    joined[np.abs(distance) <= _DIVIDER / 2] = _LINE
    return joined
