"""Lines of text on images, in Pillow's default font."""

import unicodedata

from PIL import ImageDraw, ImageFont

_ELLIPSIS = "..."
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write_line(
    canvas: ImageDraw.ImageDraw,
    position: tuple[float, float],
    text: str,
    *,
    size: float,
    most: float,
    color: tuple[int, int, int],
    anchor: str = "la",
) -> float:
    """Draws one line of text, shortened in the middle if it is too long.

    Args:
        canvas: Image to draw on.
        position: Horizontal and vertical position of the anchor, in pixels.
        text: Text; line breaks become spaces, and characters missing in the font become boxes.
        size: Font size in pixels.
        most: Largest length in pixels.
        color: 8-bit red, green and blue.
        anchor: Pillow text anchor.

    Returns:
        Length of the line in pixels.
    """
    font = ImageFont.load_default(size)
    line = _fit(canvas, _plain(text), font, most)
    canvas.text(position, line, font=font, fill=color, anchor=anchor)
    return canvas.textlength(line, font=font)


def _plain(text: str) -> str:
    """Text on one line, without accents, which the font lacks."""
    bare = (char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join("".join(char if char.isprintable() else " " for char in bare).split())


def _fit(canvas: ImageDraw.ImageDraw, line: str, font: _Font, most: float) -> str:
    """The line, or the longest one without its middle that is at most ``most`` pixels long."""
    keep, full = len(line), line
    while keep and canvas.textlength(line, font=font) > most:
        # Characters differ in width, so the estimate is corrected until the line fits.
        keep = min(keep - 1, int(keep * most / canvas.textlength(line, font=font)))
        tail = keep * 2 // 5
        line = full[: keep - tail] + _ELLIPSIS + full[len(full) - tail :]
    return line
