"""Makes GIF files from the specification, independent of the package and Pillow."""

import struct
from dataclasses import dataclass

import numpy as np

PALETTE = tuple((16 * number, 255 - 16 * number, number * number) for number in range(16))
"""Colors of the indices 0 to 15."""


@dataclass(frozen=True)
class Rectangle:
    """A frame: color indices, its position, and how it is drawn and removed."""

    numbers: np.ndarray
    left: int = 0
    top: int = 0
    disposal: int = 0
    transparent: int | None = None
    hundredths: int = 5
    has_control: bool = True


def gif(width, height, *rectangles, loop=None, application=b"NETSCAPE2.0"):
    """A file with a global color table; ``loop`` is the number in the loop extension."""
    data = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x80 | 3, 0, 0)
    data += bytes(value for color in PALETTE for value in color)
    if loop is not None:
        data += b"\x21\xff\x0b" + application + b"\x03\x01" + struct.pack("<H", loop) + b"\0"
    return data + b"".join(map(_frame, rectangles)) + b";"


def _frame(rectangle):
    height, width = rectangle.numbers.shape
    flags = rectangle.disposal << 2 | (rectangle.transparent is not None)
    control = struct.pack(
        "<BBBBHBB", 0x21, 0xF9, 4, flags, rectangle.hundredths, rectangle.transparent or 0, 0
    )
    place = struct.pack("<BHHHHB", 0x2C, rectangle.left, rectangle.top, width, height, 0)
    return (control if rectangle.has_control else b"") + place + _packed(rectangle.numbers.ravel().tolist())


def _packed(numbers):
    """LZW that clears its table every few indices, so that every code stands for one index."""
    codes = []
    for start in range(0, len(numbers), 100):
        codes += [256, *numbers[start : start + 100]]
    stream = sum(code << 9 * place for place, code in enumerate([*codes, 257]))
    data = stream.to_bytes((9 * (len(codes) + 1) + 7) // 8, "little")
    parts = [data[start : start + 255] for start in range(0, len(data), 255)]
    return b"\x08" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def composed(width, height, *rectangles):
    """What a browser displays at each frame, (h, w, 4), computed pixel by pixel."""
    canvas = {}
    shown = []
    for rectangle in rectangles:
        before = dict(canvas)
        inside = []
        for (row, column), number in np.ndenumerate(rectangle.numbers):
            place = rectangle.top + row, rectangle.left + column
            if place[0] < height and place[1] < width:
                inside.append(place)
                if number != rectangle.transparent:
                    canvas[place] = (*PALETTE[number], 255)
        picture = np.zeros((height, width, 4), np.uint8)
        for place, color in canvas.items():
            picture[place] = color
        shown.append(picture)
        if rectangle.disposal == 2:
            canvas = {place: color for place, color in canvas.items() if place not in set(inside)}
        elif rectangle.disposal == 3:
            canvas = before
    return shown
