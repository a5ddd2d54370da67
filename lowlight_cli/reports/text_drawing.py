"""Words on pictures, in the typeface that comes with Pillow."""

import unicodedata

from PIL import ImageDraw, ImageFont

_ELLIPSIS = "..."
_Letters = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write_line(
    canvas: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    *,
    size: float,
    most: float,
    color: tuple[int, int, int],
    anchor: str = "la",
) -> float:
    """Writes one line, cut where it is too long; signs that the typeface does not know come as boxes.

    Args:
        canvas: What to write on.
        place: Point that ``anchor`` speaks of, across and down.
        text: What to write; line breaks count as spaces.
        size: Of the letters, in pixels.
        most: Pixels that the line may be long.
        color: Red, green and blue of 255.
        anchor: Which point of the line lies at ``place``, in Pillow's words.

    Returns:
        Length of the line in pixels.
    """
    letters = ImageFont.load_default(size)
    line = _fit(canvas, _plain(text), letters, most)
    canvas.text(place, line, font=letters, fill=color, anchor=anchor)
    return canvas.textlength(line, font=letters)


def _plain(text: str) -> str:
    """Text on one line; accents are left out, which the typeface does not have."""
    bare = (sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isprintable() else " " for sign in bare).split())


def _fit(canvas: ImageDraw.ImageDraw, line: str, letters: _Letters, most: float) -> str:
    """The line, or the longest form of it without its middle that is no longer than ``most``."""
    keep, whole = len(line), line
    while keep and canvas.textlength(line, font=letters) > most:
        # Letters differ in width, so the guess is corrected until it fits.
        keep = min(keep - 1, int(keep * most / canvas.textlength(line, font=letters)))
        tail = keep * 2 // 5
        line = whole[: keep - tail] + _ELLIPSIS + whole[len(whole) - tail :]
    return line
