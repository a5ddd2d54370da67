"""Damage to files: bits, lengths, cuts and splices, the same for the same number."""

import random
import struct
import zlib
from collections.abc import Callable

_NUMBERS = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 64, 127, 128, 255, 256, 1000, 4096, 32767, 32768, 65535)
_LARGE_NUMBERS = (*_NUMBERS, 65536, 100_000, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_PNG_START = b"\x89PNG\r\n\x1a\n"


def damaged(files: dict[str, bytes], number: int, seed: int = 0) -> tuple[str, bytes]:
    """A damaged file and the name of the sound one it was.

    Args:
        files: Sound files by name.
        number: Which of the endless row of damaged files.
        seed: Of the row.
    """
    chance = random.Random(f"{seed}:{number}")
    name = chance.choice(sorted(files))
    data = bytearray(files[name])
    for _ in range(min(int(chance.expovariate(0.5)) + 1, 12)):
        chance.choice(_CHANGES)(data, chance, files)
        if not data:
            data += b"\0"
    # A PNG with a wrong checksum is refused at once, and what lies behind is never tried.
    if data.startswith(_PNG_START) and chance.random() < 0.8:
        _mend_checksums(data)
    return name, bytes(data)


def _flip(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    for _ in range(chance.choice((1, 1, 2, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))


def _set_near_start(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    data[chance.randrange(min(len(data), 64))] = chance.randrange(256)


def _set_number(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    """Lengths, counts and offsets are numbers of 2 or 4 bytes."""
    kind = chance.choice(("<H", ">H", "<I", ">I"))
    place = chance.randrange(len(data))
    number = chance.choice(_NUMBERS if kind[1] == "H" else _LARGE_NUMBERS)
    data[place : place + struct.calcsize(kind)] = struct.pack(kind, number)


def _step_number(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    place = chance.randrange(len(data))
    data[place] = (data[place] + chance.choice((-2, -1, 1, 2))) % 256


def _cut_end(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    del data[chance.randrange(len(data)) :]


def _cut(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    place = chance.randrange(len(data))
    del data[place : place + chance.choice((1, 2, 4, 16, 100))]


def _repeat(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    place = chance.randrange(len(data))
    piece = data[place : place + chance.choice((1, 4, 12, 64, 400))]
    data[place:place] = piece * chance.choice((1, 1, 2, 20))


def _splice(data: bytearray, chance: random.Random, files: dict[str, bytes]) -> None:
    """Goes on as another file does."""
    other = files[chance.choice(sorted(files))]
    data[chance.randrange(len(data)) :] = other[chance.randrange(len(other)) :]


def _insert(data: bytearray, chance: random.Random, files: dict[str, bytes]) -> None:
    other = files[chance.choice(sorted(files))]
    start = chance.randrange(len(other))
    place = chance.randrange(len(data))
    data[place:place] = other[start : start + chance.choice((4, 20, 100, 1000))]


def _swap(data: bytearray, chance: random.Random, _: dict[str, bytes]) -> None:
    size = chance.choice((4, 12, 40))
    first, second = (chance.randrange(len(data)) for _ in range(2))
    if abs(first - second) >= size and max(first, second) + size <= len(data):
        data[first : first + size], data[second : second + size] = (
            data[second : second + size],
            data[first : first + size],
        )


def _mend_checksums(data: bytearray) -> None:
    position = len(_PNG_START)
    while position + 12 <= len(data):
        end = position + 8 + int.from_bytes(data[position : position + 4])
        if end + 4 > len(data):
            return
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[position + 4 : end]))
        position = end + 4


_Change = Callable[[bytearray, random.Random, dict[str, bytes]], None]
_CHANGES: tuple[_Change, ...] = (
    *(_flip, _flip, _flip, _set, _set, _set_near_start, _set_number, _set_number, _set_number),
    *(_step_number, _step_number, _cut_end, _cut, _repeat, _splice, _insert, _swap),
)
