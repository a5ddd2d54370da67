"""Words on pictures, in the typeface that comes with Pillow."""

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
    colour: tuple[int, int, int],
    anchor: str = "la",
) -> float:
    """Writes one line, cut where it is too long; signs that the typeface does not know come as boxes.

    Args:
        canvas: What to write on.
        place: Point that ``anchor`` speaks of, across and down.
        text: What to write; line breaks count as spaces.
        size: Of the letters, in pixels.
        most: Pixels that the line may be long.
        colour: Red, green and blue of 255.
        anchor: Which point of the line lies at ``place``, in Pillow's words.

    Returns:
        Length of the line in pixels.
    """
    letters = ImageFont.load_default(size)
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    line = _fit(canvas, line, letters, most)
    canvas.text(place, line, font=letters, fill=colour, anchor=anchor)
    return canvas.textlength(line, font=letters)


def _fit(canvas: ImageDraw.ImageDraw, line: str, letters: _Letters, most: float) -> str:
    """The line, or the longest form of it without its middle that is no longer than ``most``."""
    keep, whole = len(line), line
    while keep and canvas.textlength(line, font=letters) > most:
        # Letters differ in width, so the guess is corrected until it fits.
        keep = min(keep - 1, int(keep * most / canvas.textlength(line, font=letters)))
        tail = keep * 2 // 5
        line = whole[: keep - tail] + _ELLIPSIS + whole[len(whole) - tail :]
    return line
