"""Parses the blocks of a GIF: canvas, stored frames and loop count.

Source: CompuServe, Graphics Interchange Format, version 89a, sections 18 to 26. Netscape's loop extension
is read as browsers read it: it counts the repetitions after the first play.
"""

from dataclasses import dataclass, field, replace

_HEADER_SIZE, _DESCRIPTOR_SIZE = 13, 10
_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOP_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_HAS_TABLE, _INTERLACED = 0x80, 0x40


@dataclass(frozen=True, slots=True)
class Control:
    """Graphic control extension: how a frame is drawn and removed.

    Attributes:
        disposal: What happens to the frame before the next one: 2 clears its rectangle, 3 and 4 restore what
            was there before, any other value leaves it.
        duration_ms: How long it is shown; None if not stated.
        transparent: Color index that draws nothing; None if all indices draw.
    """

    disposal: int = 0
    duration_ms: int | None = None
    transparent: int | None = None


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame as it is stored: a rectangle of color indices.

    Attributes:
        left: Its first column on the canvas.
        top: Its first row on the canvas.
        width: Columns.
        height: Rows.
        interlaced: Whether its rows come in four passes.
        colors: Red, green and blue of each color index; empty if the file has no color table.
        packed: Its compressed indices, with the length bytes of the blocks; short if the file is truncated.
        control: How it is drawn and removed.
    """

    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    colors: bytes
    packed: bytes
    control: Control = field(default_factory=Control)


@dataclass(frozen=True, slots=True)
class GifFile:
    """The content of a GIF.

    Attributes:
        width: Columns of the canvas: the logical screen, enlarged if the first frame needs it.
        height: Rows of the canvas.
        frames: Frames in display order.
        loop: How often the animation plays, 0 for ever; None if not stated, which means once.
    """

    width: int
    height: int
    frames: tuple[StoredFrame, ...]
    loop: int | None


def read_blocks(data: bytes) -> GifFile:
    """Parses a file, up to its end or the point where it is truncated.

    Args:
        data: A file that starts with the header of a GIF.

    Raises:
        EOFError: The file ends before its first frame.
    """
    frames: list[StoredFrame] = []
    control, loop = Control(), None
    common = _table(data, _HEADER_SIZE, data[10:11])
    position = _HEADER_SIZE + len(common)
    while position + 2 <= len(data) and data[position] != _END:
        if data[position] == _EXTENSION:
            blocks, end = _blocks(data, position + 2)
            if data[position + 1] == _CONTROL:
                control = _control(blocks) or control
            elif data[position + 1] == _APPLICATION:
                loop = _loop(blocks, loop)
            position = end
        elif data[position] == _IMAGE and position + _DESCRIPTOR_SIZE < len(data):
            frame, position = _frame(data, position, common)
            frames.append(replace(frame, control=control))
            control = Control()
        else:
            position += 1
    if not frames:
        raise EOFError("the file ends before its first frame")
    width, height = _numbers(data[6:10])
    first = frames[0]
    return GifFile(
        max(width, first.left + first.width), max(height, first.top + first.height), tuple(frames), loop
    )


def _frame(data: bytes, position: int, common: bytes) -> tuple[StoredFrame, int]:
    """The frame whose descriptor starts at ``position``, and the offset of the next block."""
    left, top, width, height = _numbers(data[position + 1 : position + 9])
    flags = data[position + 9]
    own = _table(data, position + _DESCRIPTOR_SIZE, data[position + 9 : position + 10])
    start = position + _DESCRIPTOR_SIZE + len(own)
    _, end = _blocks(data, start + 1)
    frame = StoredFrame(left, top, width, height, bool(flags & _INTERLACED), own or common, data[start:end])
    return frame, end


def _numbers(fields: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(fields[i : i + 2], "little") for i in range(0, len(fields), 2))


def _table(data: bytes, start: int, flags: bytes) -> bytes:
    """The color table at ``start``; empty if the flags announce none."""
    size = 3 << (flags[0] & 7) + 1 if flags and flags[0] & _HAS_TABLE else 0
    return data[start : start + size]


def _blocks(data: bytes, position: int) -> tuple[list[bytes], int]:
    """Contents of the sub-blocks at ``position``, and the offset after their empty terminator."""
    blocks = []
    while position < len(data) and data[position]:
        blocks.append(data[position + 1 : position + 1 + data[position]])
        position += 1 + data[position]
    return blocks, position + 1


def _control(blocks: list[bytes]) -> Control | None:
    if not blocks or len(blocks[0]) < 4:
        return None
    flags, _, _, transparent = blocks[0][:4]
    duration = 10 * int.from_bytes(blocks[0][1:3], "little")
    return Control(flags >> 2 & 7, duration, transparent if flags & 1 else None)


def _loop(blocks: list[bytes], known: int | None) -> int | None:
    """Number of plays that an application extension states; ``known`` if it states none."""
    if len(blocks) < 2 or blocks[0] not in _LOOP_APPLICATIONS:
        return known
    if len(blocks[1]) < 3 or blocks[1][0] & 7 != 1:
        return known
    repetitions = int.from_bytes(blocks[1][1:3], "little")
    return repetitions + 1 if repetitions else 0
