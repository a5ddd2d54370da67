"""Output as columns, tables and JSON, for terminals and pipes; decides about color.

``aligned`` is plain and fast. ``print_table`` draws a frame; it imports rich when called.
"""

import json
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, is_dataclass
from io import StringIO, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


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


NARROWEST = 80
"""Width of a table outside of terminals, unless its content is wider."""


def aligned(rows: Iterable[Sequence[object]], indent: int = 0) -> str:
    """Rows in aligned columns, two spaces apart.

    Args:
        rows: Cells; numbers are right-aligned with thousands separators.
        indent: Spaces before each row.
    """
    rows = list(rows)
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row, texts in zip(rows, cells, strict=True):
        padded = [
            text.rjust(width) if isinstance(cell, int | float) else text.ljust(width)
            for cell, text, width in zip(row, texts, widths, strict=True)
        ]
        lines.append((" " * indent + "  ".join(padded)).rstrip())
    return "\n".join(lines)


def as_json(result: object) -> str:
    """A result, or a list of results, as indented JSON."""
    return json.dumps(result, default=_plain, indent=2, ensure_ascii=False)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Collection[str] = (),
    title: str = "",
    caption: str = "",
) -> "Table":
    """A framed table; cells are not parsed for markup.

    Args:
        columns: Heads.
        rows: As many cells each: rich ``Text``, or anything that ``str`` accepts.
        numbers: Heads of the right-aligned columns.
        title: Line above.
        caption: Line below.
    """
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=Text(title) if title else None, caption=Text(caption) if caption else None)
    drawn.title_justify = drawn.caption_justify = "left"
    for head in columns:
        # A number cut in two lines is a wrong number.
        drawn.add_column(
            Text(head),
            justify="right" if head in numbers else "left",
            no_wrap=head in numbers,
            overflow="fold",
        )
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return drawn


def print_table(drawn: "Table", stream: Stream | None = None, *, color: str = "auto") -> None:
    """Prints a table as wide as the terminal or, elsewhere, its content; ``COLUMNS`` overrides both.

    The frame is ASCII if the encoding of the stream lacks line characters.

    Args:
        drawn: From ``table``.
        stream: Where to; stdout if None.
        color: ``auto``, ``always`` or ``never``.
    """
    console = make_console(stream or sys.stdout, color)
    if not console.file.isatty() and not os.environ.get("COLUMNS"):
        unbounded = console.options.update(max_width=10_000)
        console.width = max(NARROWEST, console.measure(drawn, options=unbounded).maximum)
    console.print(drawn)


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
