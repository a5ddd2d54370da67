"""Makes EXIF blocks with the maker notes of early cameras from the specification."""

import struct

NAMES = {"olympus": b"OLYMP\0\1\0", "coolpix": b"", "nikon": b"Nikon\0\2\x10\0\0"}
"""First bytes of a note; the last one is followed by a header, from which its offsets count."""

HEADERS = {"<": b"II*\0\x08\0\0\0", ">": b"MM\0*\0\0\0\x08"}

# ASCII 0x0207 is the camera type and 0x0209 the camera ID of Olympus, 3 and 4 are quality and color of Nikon.
TAGS = {"olympus": (0x0207, 0x0209), "coolpix": (3, 4), "nikon": (4, 5)}


def entry(order, tag, kind, count, value):
    return struct.pack(order + "HHII", tag, kind, count, value)


def directory(order, entries):
    return struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)


def note_of(order, maker, places):
    """A note with texts at the given places: offset from its origin, and length."""
    entries = [
        entry(order, tag, 2, size, place) for tag, (place, size) in zip(TAGS[maker], places, strict=True)
    ]
    return start_of_note(order, maker) + directory(order, entries)


def start_of_note(order, maker):
    """Bytes before the directory of a note."""
    return NAMES[maker] + (HEADERS[order] if maker == "nikon" else b"")


def origin_of(maker, note_at):
    """Offset in the block from which the offsets of a note count."""
    return note_at + len(NAMES[maker]) if maker == "nikon" else 0


def block(maker, texts, *, order="<", before=0, gap=0, thumbnail=b""):
    """An EXIF block of a photo.

    Args:
        maker: Key of ``NAMES``.
        texts: Two values of the note, each of more than 4 bytes; they lie in the gaps around it.
        order: Byte order.
        before: Bytes between the details and the first value, which comes before the note.
        gap: Bytes between the note and the second value.
        thumbnail: A picture behind all of it.
    """
    make = b"MAKER\0"
    is_behind = maker == "nikon"  # offsets from within the note lead forwards only
    details = 8 + len(directory(order, [b"\0" * 12] * 2))
    make_at = details + len(directory(order, [b"\0" * 12]))
    note_at = make_at + len(make) + before + (0 if is_behind else len(texts[0]))
    size = len(note_of(order, maker, [(0, 0)] * 2))
    second_at = note_at + size + gap
    first_at = second_at + len(texts[1]) if is_behind else note_at - len(texts[0])
    behind = second_at + len(texts[1]) + (len(texts[0]) if is_behind else 0)
    origin = origin_of(maker, note_at)
    data = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    data += directory(order, [entry(order, 271, 2, len(make), make_at), entry(order, 0x8769, 4, 1, details)])
    if thumbnail:
        data = data[:-4] + struct.pack(order + "I", behind)
    data += directory(order, [entry(order, 0x927C, 7, size, note_at)]) + make + bytes(before)
    data += b"" if is_behind else texts[0]
    places = [(first_at - origin, len(texts[0])), (second_at - origin, len(texts[1]))]
    data += note_of(order, maker, places) + bytes(gap) + texts[1] + (texts[0] if is_behind else b"")
    if thumbnail:
        start = behind + len(directory(order, [b"\0" * 12] * 2))
        data += directory(order, [entry(order, 513, 4, 1, start), entry(order, 514, 4, 1, len(thumbnail))])
    return data + thumbnail


def texts_of_note(exif, maker):
    """Follows the pointers of a block, as a reader of that maker's notes would."""
    order = "<" if exif[:2] == b"II" else ">"

    def tags(start):
        (count,) = struct.unpack_from(order + "H", exif, start)
        rows = (struct.unpack_from(order + "HHII", exif, start + 2 + 12 * row) for row in range(count))
        return {tag: (size, value) for tag, _, size, value in rows}

    (main,) = struct.unpack_from(order + "I", exif, 4)
    note = tags(tags(main)[0x8769][1])[0x927C][1]
    found = tags(note + len(start_of_note(order, maker)))
    origin = origin_of(maker, note)
    return tuple(
        exif[origin + place : origin + place + size] for size, place in (found[tag] for tag in TAGS[maker])
    )
