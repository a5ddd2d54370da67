"""Makes TIFF files of any kind from the specification, without a library.

Source: TIFF 6.0, sections 2, 9, 13, 14 and 15; BigTIFF.
"""

import lzma
import struct
import zlib
from dataclasses import dataclass

import numpy as np

_KINDS = {"B": 1, "H": 3, "I": 4, "R": 5, "Q": 16}
"""Type numbers of values; R is a fraction, given as a pair of integers."""


def make_tiff(tags, segments, *, order="<", big=False, tiles=False):
    """A file of one page: its directory comes first, so that truncation removes pixels.

    Args:
        tags: Format and values by tag.
        segments: Bytes of each strip or tile.
        order: Of bytes.
        big: Whether it is a BigTIFF.
        tiles: Whether the segments are tiles.
    """
    start, word = (16, "Q") if big else (8, "I")
    mark = b"II" if order == "<" else b"MM"
    header = struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    place, size = (324, 325) if tiles else (273, 279)
    stated = place in tags
    tags = {place: (word, [0] * len(segments)), size: (word, [len(part) for part in segments]), **tags}
    if not stated:
        first = start + len(_directory(tags, start, order, word))
        tags[place] = (word, np.cumsum([first, *map(len, segments[:-1])]).tolist())
    return mark + header + _directory(tags, start, order, word) + b"".join(segments)


def _directory(tags, offset, order, word):
    """A directory for a given offset, followed by its values."""
    room = struct.calcsize("<" + word)
    table, values = struct.pack(order + ("Q" if room == 8 else "H"), len(tags)), b""
    behind = offset + len(table) + len(tags) * (4 + 2 * room) + room
    for tag, (kind, numbers) in sorted(tags.items()):
        count = len(numbers) // 2 if kind == "R" else len(numbers)
        content = struct.pack(f"{order}{len(numbers)}{'I' if kind == 'R' else kind}", *numbers)
        table += struct.pack(f"{order}HH{word}", tag, _KINDS[kind], count)
        if len(content) <= room:
            table += content.ljust(room, b"\0")
        else:
            table += struct.pack(order + word, behind + len(values))
            values += content + b"\0" * (len(content) % 2)
    return table + bytes(room) + values


def rows_of_bits(numbers, bits, order):
    """Rows of numbers (rows, n) as bytes: 8 and 16 bits in a byte order, others from the highest bit."""
    if bits in (8, 16):
        return numbers.astype(f"{order}u{bits // 8}").tobytes()
    fields = (numbers[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(fields.reshape(len(numbers), -1).astype(np.uint8), axis=1).tobytes()


def lzw(data):
    """LZW without repetitions: the table is cleared before codes need ten bits."""
    codes = []
    for start in range(0, len(data), 250):
        codes += [256, *data[start : start + 250]]
    bits = "".join(f"{code:09b}" for code in (*codes, 257))
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


def packbits(data):
    """PackBits of literal runs."""
    return b"".join(
        bytes((len(data[i : i + 128]) - 1,)) + data[i : i + 128] for i in range(0, len(data), 128)
    )


PACKERS = {1: bytes, 5: lzw, 8: zlib.compress, 32946: zlib.compress, 32773: packbits, 34925: lzma.compress}
"""Compressions by number."""


@dataclass(frozen=True)
class Form:
    """How a page is stored.

    Attributes:
        bits: Per sample.
        order: Of bytes.
        big: Whether it is a BigTIFF.
        planes: Whether each sample has a plane of its own.
        method: Compression, in ``PACKERS``.
        predictor: 1 or 2.
        rows: Rows of a strip or tile.
        columns: Of a tile; 0 for strips.
        backwards: Whether bits lie in the bytes the other way round.
    """

    bits: int = 8
    order: str = "<"
    big: bool = False
    planes: bool = False
    method: int = 1
    predictor: int = 1
    rows: int = 1000
    columns: int = 0
    backwards: bool = False


def tiff_of(samples, form, kind, *, pixels=True, **more):
    """A page of samples (h, w, n), integers of ``form.bits`` bits.

    Args:
        samples: Numbers to store.
        form: How.
        kind: What they mean: PhotometricInterpretation.
        pixels: Whether the file has pixels; otherwise it ends before them.
        more: Format and values of further tags, each named ``t`` and its number.
    """
    height, width, count = samples.shape
    planes = [samples[..., [i]] for i in range(count)] if form.planes else [samples]
    tags = {
        256: ("I", (width,)),
        257: ("I", (height,)),
        258: ("H", (form.bits,) * count),
        259: ("H", (form.method,)),
        262: ("H", (kind,)),
        266: ("H", (1 + form.backwards,)),
        277: ("H", (count,)),
        284: ("H", (1 + form.planes,)),
        317: ("H", (form.predictor,)),
    }
    if form.columns:
        tags |= {322: ("H", (form.columns,)), 323: ("H", (form.rows,))}
    else:
        tags[278] = ("I", (form.rows,))
    tags |= {int(name[1:]): value for name, value in more.items()}
    parts = [_stored(part, form) for plane in planes for part in _parts(plane, form)]
    data = make_tiff(tags, parts, order=form.order, big=form.big, tiles=bool(form.columns))
    return data if pixels else data[: len(data) - sum(map(len, parts))]


def _parts(plane, form):
    """Strips, or tiles padded at the edges."""
    height, width = plane.shape[:2]
    if not form.columns:
        return [plane[top : top + form.rows] for top in range(0, height, form.rows)]
    fill = ((0, -height % form.rows), (0, -width % form.columns), (0, 0))
    full = np.pad(plane, fill, mode="edge")
    return [
        full[top : top + form.rows, left : left + form.columns]
        for top in range(0, height, form.rows)
        for left in range(0, width, form.columns)
    ]


def _stored(part, form):
    if form.predictor == 2:
        part = np.diff(part, axis=1, prepend=0) % 2**form.bits
    packed = PACKERS[form.method](rows_of_bits(part.reshape(len(part), -1), form.bits, form.order))
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in packed) if form.backwards else packed
