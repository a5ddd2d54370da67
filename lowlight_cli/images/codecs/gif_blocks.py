"""The blocks of a GIF: its canvas, its frames as they are stored, and how often it is shown.

Source: CompuServe, Graphics Interchange Format, version 89a, sections 18 to 26. Netscape's loop extension
is read as browsers read it: it counts the repetitions after the first showing.
"""

from dataclasses import dataclass, field, replace

_HEADER_SIZE, _DESCRIPTOR_SIZE = 13, 10
_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOP_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_HAS_TABLE, _INTERLACED = 0x80, 0x40


@dataclass(frozen=True, slots=True)
class Control:
    """How a frame is drawn and removed.

    Attributes:
        disposal: What happens to it before the next one: 2 clears its rectangle, 3 and 4 bring back what was
            there before, any other value leaves it.
        duration_ms: How long it is shown; None where that is not said.
        transparent: Color number that draws nothing; None where all do.
    """

    disposal: int = 0
    duration_ms: int | None = None
    transparent: int | None = None


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A rectangle of color numbers, as it is stored.

    Attributes:
        left: Its first column on the canvas.
        top: Its first row on the canvas.
        width: Columns.
        height: Rows.
        interlaced: Whether its rows come in four passes.
        colors: Red, green and blue of each color number; empty where the file has none.
        packed: Its compressed color numbers with all lengths; short where the file breaks off.
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
    """What a GIF holds.

    Attributes:
        width: Columns of the canvas: those of the file's screen, or as many as the first frame needs.
        height: Rows of the canvas.
        frames: In the order in which they are shown.
        loop: How often all of them are shown, 0 for ever; None where that is not said, which means once.
    """

    width: int
    height: int
    frames: tuple[StoredFrame, ...]
    loop: int | None


def read_blocks(data: bytes) -> GifFile:
    """Blocks of a file, up to its end or to where it breaks off.

    Args:
        data: A file that starts with the header of a GIF.

    Raises:
        EOFError: It breaks off before the first frame.
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
        raise EOFError("the file breaks off before its first frame")
    width, height = _numbers(data[6:10])
    first = frames[0]
    return GifFile(
        max(width, first.left + first.width), max(height, first.top + first.height), tuple(frames), loop
    )


def _frame(data: bytes, position: int, common: bytes) -> tuple[StoredFrame, int]:
    """The frame whose descriptor starts at ``position``, and where the next block starts."""
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
    """The color table at ``start``, if the flags before it say that there is one."""
    size = 3 << (flags[0] & 7) + 1 if flags and flags[0] & _HAS_TABLE else 0
    return data[start : start + size]


def _blocks(data: bytes, position: int) -> tuple[list[bytes], int]:
    """Contents of the blocks at ``position``, and the offset behind the empty one that ends them."""
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
    """How often all frames are shown, or what is known where these blocks do not say it."""
    if len(blocks) < 2 or blocks[0] not in _LOOP_APPLICATIONS:
        return known
    if len(blocks[1]) < 3 or blocks[1][0] & 7 != 1:
        return known
    repetitions = int.from_bytes(blocks[1][1:3], "little")
    return repetitions + 1 if repetitions else 0
