"""Fits a table into a width: whole columns are left out, texts are shortened or wrapped, numbers never."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len, set_cell_size

_LEAST = 16
"""Cells that a name or a text keeps, unless it is shorter, before a column is left out."""


class Kind(StrEnum):
    """What a column holds, which decides how it may get narrower."""

    NUMBER = "number"
    """Never cut and never wrapped."""
    NAME = "name"
    """One line, cut in the middle."""
    TEXT = "text"
    """Wrapped between words; words that are too long are cut in the middle."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        head: Its heading.
        kind: What it holds.
        rank: Columns of the highest rank are left out first; among equals, the rightmost.
    """

    head: str
    kind: Kind = Kind.TEXT
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that are shown.

    Attributes:
        shown: Their indices in order; the first column is always shown.
        widths: Width of each of them in cells.
    """

    shown: tuple[int, ...]
    widths: tuple[int, ...]


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None, gap: int) -> Layout:
    """Chooses columns and their widths.

    Args:
        columns: All columns.
        rows: Texts, one for each column.
        width: Cells of a line; None if lines may have any length.
        gap: Cells between two columns.
    """
    texts = [[column.head, *(row[i] for row in rows)] for i, column in enumerate(columns)]
    natural = [max(map(cell_len, each)) for each in texts]
    every = tuple(range(len(columns)))
    if width is None:
        return Layout(every, tuple(natural))
    least = [_least(column, each) for column, each in zip(columns, texts, strict=True)]
    shown = list(every)
    while len(shown) > 1 and sum(least[i] for i in shown) + gap * (len(shown) - 1) > width:
        shown.remove(max(shown[1:], key=lambda i: (columns[i].rank, i)))
    widths = [least[i] for i in shown]
    spare = width - sum(widths) - gap * (len(shown) - 1)
    if spare < 0:  # the first column alone is too wide
        return Layout((0,), (max(1, width),))
    _widen(widths, [natural[i] for i in shown], spare)
    return Layout(tuple(shown), tuple(widths))


def _least(column: Column, texts: Sequence[str]) -> int:
    """The narrowest width of a column; a head may be wrapped between words."""
    head, *cells = texts
    word = max(map(cell_len, head.split()), default=0)
    longest = max(map(cell_len, cells), default=0)
    return max(word, longest if column.kind is Kind.NUMBER else min(longest, _LEAST))


def _widen(widths: list[int], natural: Sequence[int], spare: int) -> None:
    """Gives spare cells to the narrowest columns that need more, one after the other."""
    for _ in range(spare):
        needy = [i for i, width in enumerate(widths) if width < natural[i]]
        if not needy:
            return
        widths[min(needy, key=lambda i: widths[i])] += 1


def cell_lines(text: str, kind: Kind, width: int, mark: str) -> list[str]:
    """The lines of a cell, none wider than the column.

    Args:
        text: All of it.
        kind: What the column holds.
        width: Cells of the column.
        mark: What stands for characters that are left out.
    """
    if cell_len(text) <= width:
        return [text]
    if kind is Kind.NAME:
        return [shorten(text, width, mark)]
    lines = [""]
    for word in text.split():
        short = shorten(word, width, mark)
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(short) <= width:
            lines[-1] += f" {short}"
        elif lines[-1]:
            lines.append(short)
        else:
            lines[-1] = short
    return lines


def shorten(text: str, width: int, mark: str = "…") -> str:
    """A text cut in the middle if it is wider than ``width`` cells.

    Args:
        text: All of it.
        width: Cells to fill at most.
        mark: What stands for the part that is left out.
    """
    if cell_len(text) <= width:
        return text
    room = width - cell_len(mark)
    if room < 2:
        return set_cell_size(text, max(width, 0))
    tail = room // 2
    start, end = set_cell_size(text, room - tail), set_cell_size(text[::-1], tail)[::-1]
    return f"{start.rstrip()}{mark}{end.lstrip()}"
