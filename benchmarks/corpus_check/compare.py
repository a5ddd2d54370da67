"""A result against its original: each fault by its kind."""

from collections.abc import Iterator
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus_check.findings import Fault
from benchmarks.corpus_check.readers import Content, Frame

TOLERANCE = 3.0
"""Of 255: how far an average of a part may be off, as shown on an sRGB screen."""

_LOSSY = 24.0
"""Of 255: how far a single part may be off in lossy formats, where edges of color move."""

_SAME = 0.6
"""Of 255: averages of samples this close are the same but for rounding."""

_HOLDS_16 = ("PNG", "TIFF")
_HOLDS_GRAY = ("JPEG", "MPO", "PNG", "TIFF")
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")
_LOOPING = ("GIF", "PNG", "WEBP")
_LOSSLESS = ("PNG", "TIFF")


def differences(name: str, original: Content, result: Content) -> Iterator[Fault]:
    """What is not as it was, in pixels and in what says how to show them.

    Args:
        name: Of the original, for the faults.
        original: Its content.
        result: What the program made of it.
    """
    if original.size != result.size:
        yield Fault("size", name, f"{_by(original.size)} became {_by(result.size)}")
        return
    yield from (Fault("frames", name, text) for text in _frames(original, result))
    yield from (Fault("timing", name, text) for text in _timing(original, result))
    if original.gray and not result.gray and result.format in _HOLDS_GRAY:
        yield Fault("channels", name, "gray became RGB")
    if (text := _depth(original, result)) is not None:
        yield Fault("depth", name, text)
    if original.tags.icc and result.format != "GIF" and original.tags.icc != result.tags.icc:
        now = "gone" if not result.tags.icc else f"{len(result.tags.icc)} other bytes"
        yield Fault("profile", name, f"the profile of {len(original.tags.icc)} bytes is {now}")
    yield from _pixels(name, original, result)


def _by(size: tuple[int, int]) -> str:
    return "{}x{}".format(*size)


def _frames(original: Content, result: Content) -> Iterator[str]:
    """Frames may be joined where they are timed; pages may not."""
    if original.count == 1 and result.count > 1:
        yield f"a still image became {result.count} frames"
    elif original.count > 1 and result.count == 1 and _differ(original):
        yield f"of {original.count} frames, one is left"
    elif original.count != result.count and original.format not in _ANIMATED:
        yield f"{original.count} pages became {result.count}"


def _differ(content: Content) -> bool:
    first = content.frames[0].shown
    others = [frame.shown for frame in content.frames[1:]]
    return any(shown.shape != first.shape or np.abs(shown - first).max() > _SAME for shown in others)


def _timing(original: Content, result: Content) -> Iterator[str]:
    if min(original.count, result.count) < 2:
        return
    before, after = (sum(frame.milliseconds for frame in each.frames) for each in (original, result))
    whole = original.count == len(original.frames)
    if whole and abs(before - after) > 1.5 * original.count:
        yield f"{before:g} ms became {after:g} ms"
    if result.format in _LOOPING and original.loops is not None and original.loops != result.loops:
        yield f"played {original.loops} times, now {result.loops} (0 is for ever)"


def _depth(original: Content, result: Content) -> str | None:
    wanted = 16 if original.bits > 8 and result.format in _HOLDS_16 else 8
    lost = original.bits > 8 and result.bits <= 8
    if result.bits != wanted or (lost and original.format in ("AVIF", "HEIF")):
        return f"{original.bits} bits became {result.bits}"
    return None


def _pixels(name: str, original: Content, result: Content) -> Iterator[Fault]:
    """The frame that differs most, in opacity and in color."""
    worst = {"alpha": (0.0, 0), "color": (0.0, 0)}
    for index, (before, after) in enumerate(_at_one_time(original, result)):
        if before.shown.shape != after.shown.shape:
            yield Fault("color", name, f"frame {index} is of another size")
            continue
        alike = original.tags == result.tags and np.abs(before.samples - after.samples).max() <= _SAME
        if not alike:
            off = np.abs(before.shown - after.shown)
            worst["alpha"] = max(worst["alpha"], (float(off[..., 3].max()), index))
            color = _off(off[..., :3].max(2), lossless=result.format in _LOSSLESS)
            worst["color"] = max(worst["color"], (color, index))
    for kind, (off, index) in worst.items():
        if off > TOLERANCE:
            yield Fault(kind, name, f"off by {off:.1f} of 255 in frame {index}")


def _off(parts: NDArray[np.float32], *, lossless: bool) -> float:
    """How far colors are off: the worst part, of lossy formats the best of the worst quarter."""
    worst = float(parts.max())
    return worst if lossless or worst > _LOSSY else float(np.percentile(parts, 75))


def _at_one_time(original: Content, result: Content) -> Iterator[tuple[Frame, Frame]]:
    """Each frame of the original, and what the result shows in the middle of its time."""
    ends = list(accumulate(frame.milliseconds for frame in result.frames))
    timed = ends[-1] > 0 and original.count > 1 and result.count > 1
    if not timed:
        yield from zip(original.frames, result.frames, strict=False)
        return
    start = 0.0
    for frame in original.frames:
        middle = start + frame.milliseconds / 2
        start += frame.milliseconds
        index = next((place for place, end in enumerate(ends) if middle < end), len(ends) - 1)
        if frame.milliseconds > 0 and (result.count == len(result.frames) or start <= ends[-1]):
            yield frame, result.frames[index]
