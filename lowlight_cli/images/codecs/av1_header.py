"""Reads color code points from the AV1 stream of an AVIF that has no box for them.

Source: AV1 Bitstream & Decoding Process Specification, sections 5.3 (units), 5.5.1 (sequence header), 5.5.2.
"""

from collections.abc import Iterator

from lowlight_cli.images.color.cicp import ColorCodes

_SEQUENCE_HEADER = 1
_MAX_BYTES = 256
"""Of a sequence header that is parsed; real ones have about 12 bytes."""


class _Bits:
    """Reads integers of any number of bits; past the end of the data, all bits are 0."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data).ljust(_MAX_BYTES * 16, "0")
        self._place = 0

    def __call__(self, count: int = 1) -> int:
        """The next ``count`` bits as an integer."""
        self._place += count
        return int(self._bits[self._place - count : self._place] or "0", 2)

    def skip_variable(self) -> None:
        """Skips an integer of variable length, ``uvlc``."""
        zeros = 0
        while zeros < 32 and not self():
            zeros += 1
        self(zeros)


def codes_of_av1(data: bytes) -> ColorCodes | None:
    """Color code points of the sequence header; None without a header or without code points in it.

    Args:
        data: Start of the AV1 stream.
    """
    header = next((content for kind, content in _units(data) if kind == _SEQUENCE_HEADER), None)
    if header is None:
        return None
    bits = _Bits(header[:_MAX_BYTES])
    profile = bits(3)
    bits()
    reduced = bool(bits())
    _skip_timing(bits, reduced=reduced)
    _skip_tools(bits, reduced=reduced)
    if bits() and profile == 2:
        bits()  # 12 bits per channel
    if profile != 1:
        bits()  # one channel
    return ColorCodes(bits(8), bits(8)) if bits() else None


def _units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Types and contents of the open bitstream units, up to the first damaged one."""
    place = 0
    while place + 2 <= len(data):
        head = data[place]
        place += 2 if head & 4 else 1
        size = len(data) - place
        if head & 2:
            size, shift = 0, 0
            while place < len(data) and shift < 56:
                byte = data[place]
                size |= (byte & 127) << shift
                place, shift = place + 1, shift + 7
                if byte < 128:
                    break
        yield head >> 3 & 15, data[place : place + size]
        place += size


def _skip_timing(bits: _Bits, *, reduced: bool) -> None:
    """Skips the fields before the frame size."""
    if reduced:
        bits(5)
        return
    delay_bits = 0
    has_model = False
    if bits():
        bits(64)
        if bits():
            bits.skip_variable()
        has_model = bool(bits())
        if has_model:
            delay_bits = bits(5) + 1
            bits(42)
    has_delay = bits()
    for _ in range(bits(5) + 1):
        bits(12)
        if bits(5) > 7:
            bits()
        if has_model and bits():
            bits(2 * delay_bits + 1)
        if has_delay and bits():
            bits(4)


def _skip_tools(bits: _Bits, *, reduced: bool) -> None:
    """Skips the frame size and the fields before the color configuration."""
    width, height = bits(4) + 1, bits(4) + 1
    bits(width + height)
    if not reduced and bits():
        bits(7)
    bits(3)
    if not reduced:
        bits(4)
        has_order = bits()
        bits(2 * has_order)
        chooses_tools = bits()
        if (chooses_tools or bits()) and not bits():
            bits()
        bits(3 * has_order)
    bits(3)
