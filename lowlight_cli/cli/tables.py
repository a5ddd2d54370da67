"""Output as columns, tables and JSON, for terminals and pipes; decides about color.

``aligned`` lists facts and is plain and fast. ``print_table`` fits a table into the window; it imports rich
when called.
"""

import json
import os
import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace
from io import StringIO, TextIOWrapper
from itertools import zip_longest
from typing import TYPE_CHECKING, TextIO

from lowlight_cli.counted import counted

if TYPE_CHECKING:
    from rich.console import Console

    from lowlight_cli.cli.table_layout import Column, Layout


Stream = TextIO | TextIOWrapper | StringIO
"""A text stream; the classes are listed for type checks at run time."""


def wants_color(stream: Stream, color: str = "auto") -> bool:
    """Whether to color what is written to ``stream``.

    ``always`` and ``never`` decide. Otherwise a non-empty ``NO_COLOR`` turns color off, ``FORCE_COLOR`` turns
    it on, and without either a terminal is colored unless ``TERM`` is ``dumb``.

    Args:
        stream: stdout or stderr.
        color: ``auto``, ``always`` or ``never``.
    """
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


_USUAL_WIDTH = 80
"""Width of a terminal that does not state it."""
_LEAST_TEXT = 20
"""Cells below which the last column of ``aligned`` is not wrapped."""


def output_width(stream: Stream | None = None) -> int | None:
    """Cells of a line: ``COLUMNS``, or the width of the terminal; None elsewhere, where lines have no limit.

    Args:
        stream: Where the lines go; stdout if None.
    """
    stream = stream or sys.stdout
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except OSError:
        return _USUAL_WIDTH


def aligned(rows: Iterable[Sequence[object]], indent: int = 0) -> str:
    """Facts in aligned columns, two spaces apart; the last one is wrapped to the width of stdout.

    Words are never cut, so that a long path can be copied. A ``table`` is for data whose other columns may be
    too wide.

    Args:
        rows: Cells; numbers are right-aligned with thousands separators.
        indent: Spaces before each row.
    """
    rows = list(rows)
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    before = indent + sum(widths[:-1]) + 2 * (len(widths) - 1)
    room = (output_width() or sys.maxsize) - before
    lines = []
    for row, texts in zip(rows, cells, strict=True):
        padded = [
            text.rjust(width) if isinstance(cell, int | float) else text.ljust(width)
            for cell, text, width in zip(row, texts, widths, strict=True)
        ]
        if len(texts[-1]) > room >= _LEAST_TEXT:
            wrapped = textwrap.wrap(texts[-1], room, break_long_words=False, break_on_hyphens=False)
            padded[-1] = f"\n{' ' * before}".join(wrapped)
        lines.append((" " * indent + "  ".join(padded)).rstrip())
    return "\n".join(lines)


def as_json(result: object) -> str:
    """A result, or a list of results, as indented JSON."""
    return json.dumps(result, default=_plain, indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people.

    Attributes:
        columns: Heads and kinds.
        rows: As many cells each: rich ``Text``, or anything that ``str`` accepts.
        caption: Line below.
    """

    columns: tuple["Column", ...]
    rows: tuple[tuple[object, ...], ...]
    caption: str = ""


def table(
    columns: "Sequence[str | Column]",
    rows: Iterable[Sequence[object]],
    *,
    numbers: Collection[str] = (),
    caption: str = "",
) -> Table:
    """A table; cells are not parsed for markup.

    Args:
        columns: Heads, or columns with a kind and a rank. The first column names the row.
        rows: As many cells each: rich ``Text``, or anything that ``str`` accepts.
        numbers: Those of the plain heads that are above numbers.
        caption: Line below.
    """
    from lowlight_cli.cli.table_layout import Column, Kind

    described = [
        Column(column, Kind.NUMBER if column in numbers else Kind.TEXT) if isinstance(column, str) else column
        for column in columns
    ]
    return Table(tuple(described), tuple(map(tuple, rows)), caption)


def print_table(
    table: Table,
    stream: Stream | None = None,
    *,
    color: str = "auto",
    framed: bool = True,
    more: str = "--json",
) -> None:
    """Prints a table no wider than ``output_width``: a number is printed whole or not at all.

    Columns that do not fit are left out, and a line below says so. Characters that the encoding of the stream
    lacks are replaced.

    Args:
        table: From ``table``.
        stream: Where to; stdout if None.
        color: ``auto``, ``always`` or ``never``; a table without a frame has no color.
        framed: Whether lines are drawn between columns.
        more: Option of the command that gives all columns at any width.
    """
    from lowlight_cli.cli.table_layout import fit

    stream = stream or sys.stdout
    width = output_width(stream)
    columns = [replace(column, head=_encodable(column.head, stream.encoding)) for column in table.columns]
    texts = [[_encodable(str(cell), stream.encoding) for cell in row] for row in table.rows]
    gap, border = (3, 4) if framed else (2, 0)
    layout = fit(columns, texts, None if width is None else width - border, gap)
    stream.flush()
    if framed:
        _draw_frame(table, columns, texts, layout, make_console(stream, color))
    else:
        stream.writelines(_plain_lines(columns, texts, layout, _encodable("…", stream.encoding)))
    left_out = len(columns) - len(layout.shown)
    notes = [f"{counted(left_out, 'column')} not shown; widen the window or use {more}"] if left_out else []
    for note in [table.caption, *notes]:
        lines = textwrap.wrap(_encodable(note, stream.encoding), width or sys.maxsize, break_on_hyphens=False)
        stream.writelines(f"{line}\n" for line in lines)


def _draw_frame(
    table: Table,
    columns: "Sequence[Column]",
    texts: Sequence[Sequence[str]],
    layout: "Layout",
    console: "Console",
) -> None:
    """Prints the columns of a layout; all lines of their cells fit, so that rich wraps heads only."""
    from rich.table import Table as FramedTable
    from rich.text import Text

    from lowlight_cli.cli.table_layout import Kind, cell_lines

    drawn = FramedTable()
    for i, width in zip(layout.shown, layout.widths, strict=True):
        right = columns[i].kind is Kind.NUMBER
        drawn.add_column(Text(columns[i].head), justify="right" if right else "left", width=width)
    mark = _encodable("…", console.encoding)
    for row, line in zip(table.rows, texts, strict=True):
        cells = []
        for i, width in zip(layout.shown, layout.widths, strict=True):
            cell, lines = row[i], cell_lines(line[i], columns[i].kind, width, mark)
            cells.append(Text("\n".join(lines), cell.style if isinstance(cell, Text) else ""))
        drawn.add_row(*cells)
    console.width = sum(layout.widths) + 3 * len(layout.widths) + 1
    console.print(drawn)


def _plain_lines(
    columns: "Sequence[Column]", texts: Sequence[Sequence[str]], layout: "Layout", mark: str
) -> Iterable[str]:
    """Lines of a table without a frame, heads first if it has any."""
    from rich.cells import cell_len

    from lowlight_cli.cli.table_layout import Kind, cell_lines

    heads = [column.head for column in columns]
    for row in [heads, *texts] if any(heads) else texts:
        cells = [
            cell_lines(row[i], columns[i].kind, width, mark)
            for i, width in zip(layout.shown, layout.widths, strict=True)
        ]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = [
                " " * (width - cell_len(part)) + part
                if columns[i].kind is Kind.NUMBER
                else part + " " * (width - cell_len(part))
                for i, width, part in zip(layout.shown, layout.widths, parts, strict=True)
            ]
            yield "  ".join(padded).rstrip() + "\n"


_PLAINER = {"…": "...", "→": "->", "×": "x", "–": "-", "·": "-"}


def _encodable(text: str, encoding: str | None) -> str:
    """The text, with replacements for characters that the encoding lacks; None has all of them."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plainer = "".join(_PLAINER.get(char, char) for char in text)
        return plainer.encode(encoding, "backslashreplace").decode(encoding)
    return text


def make_console(stream: Stream, color: str = "auto", *, terminal: bool = False) -> "Console":
    """A rich console for one stream, with the color rules of this program.

    Args:
        stream: stdout or stderr.
        color: ``auto``, ``always`` or ``never``.
        terminal: Whether to treat the stream as a terminal in any case.
    """
    from rich.console import Console

    colored = wants_color(stream, color)
    return Console(
        file=stream,
        color_system="standard" if colored else None,
        force_terminal=True if colored or terminal else None,
        no_color=not colored,
        markup=False,
        emoji=False,
        highlight=False,
    )


def _text(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int | float) else str(cell)


def _plain(value: object) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
