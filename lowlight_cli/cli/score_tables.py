"""Prints tables of scores and writes reports, for all commands that score."""

from pathlib import Path
from typing import TYPE_CHECKING

from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.errors import ImageError, OutputError

if TYPE_CHECKING:
    from rich.text import Text

    from lowlight_cli.evaluation.grid import Cell, Grid


def print_grid(grid: "Grid", color: str) -> None:
    """Prints a framed table in which the best and the second-best scores are highlighted.

    Args:
        grid: Its cells; all columns but the first hold numbers.
        color: ``auto``, ``always`` or ``never``.
    """
    from lowlight_cli.cli.table_layout import Column, Kind

    first, *heads = grid.heads
    columns = [Column(first), *(Column(head, Kind.NUMBER, grid.ranks.get(head, 0)) for head in heads)]
    rows = [[_styled(cell) for cell in row] for row in grid.rows]
    print_table(table(columns, rows), color=color)


def write_report(path: Path, text: str) -> None:
    """Writes a report, all of it or nothing; missing folders are created.

    Args:
        path: File to write.
        text: Content, without the last line break.

    Raises:
        OutputError: It cannot be written.
    """
    from lowlight_cli.images.replace import replace_file

    try:
        replace_file(path, f"{text}\n".encode("utf-8", "surrogateescape"))
    except ImageError as error:
        raise OutputError(f"the report cannot be written: {error}") from error


def _styled(cell: "Cell") -> "Text":
    from rich.text import Text

    from lowlight_cli.evaluation.grid import Mark

    style = {Mark.NONE: "", Mark.BEST: "bold", Mark.SECOND: "underline"}[cell.mark]
    return Text(cell.text, style)
