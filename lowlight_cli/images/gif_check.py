"""How far the frames of a GIF reach: one that lies outside of the screen would make it larger without a word.

Source: CompuServe, Graphics Interchange Format, version 89a, sections 18-26.
"""

_HEADER_SIZE, _DESCRIPTOR_SIZE = 13, 10
_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B


def reach_of_frames(data: bytes) -> tuple[int, int]:
    """Columns and rows that all frames need, at least those of the screen.

    Args:
        data: A whole file; behind damage nothing is looked at.
    """
    width, height = _numbers(data[6:10].ljust(4, b"\0"))
    position = _HEADER_SIZE + _size_of_table(data[10:11])
    while position + _DESCRIPTOR_SIZE <= len(data) and data[position] != _END:
        if data[position] == _EXTENSION:
            position = _behind_blocks(data, position + 2)
        elif data[position] == _IMAGE:
            left, top, columns, rows = _numbers(data[position + 1 : position + 9])
            width, height = max(width, left + columns), max(height, top + rows)
            position += _DESCRIPTOR_SIZE + _size_of_table(data[position + 9 : position + 10])
            position = _behind_blocks(data, position + 1)
        else:
            position += 1
    return width, height


def _numbers(field: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(field[i : i + 2], "little") for i in range(0, len(field), 2))


def _size_of_table(flags: bytes) -> int:
    """Bytes of the colours that follow, by the flags before them."""
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _behind_blocks(data: bytes, position: int) -> int:
    """Where the row of blocks that begins at ``position`` has been; an empty one ends it."""
    while position < len(data) and data[position]:
        position += 1 + data[position]
    return position + 1
