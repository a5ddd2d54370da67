"""Makes HEIF files of any codec from the specification."""

import struct


def box(kind, *contents):
    data = b"".join(contents)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def full_box(kind, *contents, version=0):
    return box(kind, struct.pack(">I", version << 24), *contents)


def heif(coding, data, *properties, size=(8, 6), brands=(b"mif1", b"miaf"), primary=True):
    """A file of one image of a codec, named by four letters (ISO/IEC 23008-12; 23001-17 for ``unci``)."""
    start = box(b"ftyp", brands[0], bytes(4), *brands)
    item = full_box(b"infe", struct.pack(">HH4s", 1, 0, coding), b"\0", version=2)
    places = full_box(b"ispe", struct.pack(">II", *size))
    inner = box(b"ipco", places, *properties)
    links = bytes(range(1, 2 + len(properties)))
    inner += full_box(b"ipma", struct.pack(">IHB", 1, 1, len(links)), links)
    parts = [
        full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
        full_box(b"pitm", struct.pack(">H", 1)) if primary else b"",
        full_box(b"iinf", struct.pack(">H", 1), item),
        box(b"iprp", inner),
    ]
    length = len(start) + len(full_box(b"meta", *parts)) + 30  # of the box below
    extent = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, length + 8, len(data))
    return start + full_box(b"meta", *parts, full_box(b"iloc", extent)) + box(b"mdat", data)


def uncompressed(width=8, height=6):
    """An uncompressed image: red, green and blue of each pixel."""
    components = box(b"cmpd", struct.pack(">IHHH", 3, 4, 5, 6))
    layout = b"".join(struct.pack(">HBBB", number, 7, 0, 0) for number in range(3))
    coding = full_box(
        b"uncC",
        bytes(4),
        struct.pack(">I", 3),
        layout,
        struct.pack(">BBBBIIIII", 0, 1, 0, 0, 0, 0, 0, 0, 0),
    )
    pixels = bytes(value % 251 for value in range(width * height * 3))
    return heif(b"unci", pixels, components, coding, size=(width, height))
