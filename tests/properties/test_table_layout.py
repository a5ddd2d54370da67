"""Properties of tables in windows of any width."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lowlight_cli.cli.table_layout import Column, Kind, cell_lines, fit, shorten
from lowlight_cli.cli.tables import print_table, table

WORDS = st.text(st.characters(categories=("L", "N", "P"), include_characters=" 夜🌃"), max_size=60)
NUMBERS = st.floats(-1e6, 1e6).map(lambda value: f"{value:,.2f}")


@st.composite
def tables(draw):
    """Columns of all kinds and rows that suit them; the first column holds names."""
    kinds = [Kind.NAME, *draw(st.lists(st.sampled_from(Kind), max_size=8))]
    columns = [Column(f"head {i}", kind, draw(st.integers(0, 2))) for i, kind in enumerate(kinds)]
    row = st.tuples(*(NUMBERS if kind is Kind.NUMBER else WORDS for kind in kinds))
    return columns, draw(st.lists(row, max_size=5))


@given(made=tables(), width=st.integers(1, 200), gap=st.integers(1, 3))
def test_the_columns_shown_fit_and_keep_numbers_whole(made, width, gap):
    columns, rows = made
    layout = fit(columns, rows, width, gap)
    assert layout.shown[0] == 0
    assert list(layout.shown) == sorted(set(layout.shown))
    assert sum(layout.widths) + gap * (len(layout.widths) - 1) <= width
    for i, cells in zip(layout.shown, layout.widths, strict=True):
        if columns[i].kind is Kind.NUMBER:
            assert all(cell_len(row[i]) <= cells for row in rows)


@given(made=tables(), width=st.integers(1, 200))
def test_columns_of_a_high_rank_are_left_out_first(made, width):
    columns, rows = made
    shown = set(fit(columns, rows, width, 3).shown)
    order = sorted(range(1, len(columns)), key=lambda i: (columns[i].rank, i))
    assert order[: len(shown) - 1] == sorted(shown - {0}, key=order.index)


@given(made=tables())
def test_without_a_limit_nothing_is_cut(made):
    columns, rows = made
    layout = fit(columns, rows, None, 3)
    assert len(layout.shown) == len(columns)
    assert all(cell_len(row[i]) <= layout.widths[i] for row in rows for i in layout.shown)


@given(text=WORDS, width=st.integers(1, 80), kind=st.sampled_from(Kind), mark=st.sampled_from(["…", "..."]))
def test_no_line_of_a_cell_is_wider_than_its_column(text, width, kind, mark):
    assert all(cell_len(line) <= width for line in cell_lines(text, kind, width, mark))


@given(text=WORDS, width=st.integers(5, 80))
def test_a_name_that_is_too_long_keeps_both_ends(text, width):
    short = shorten(text, width)
    if cell_len(text) <= width:
        assert short == text
    else:
        head, tail = short.split("…") if "…" not in text else ("", "")
        assert text.startswith(head)
        assert text.endswith(tail)


@given(made=tables(), width=st.integers(20, 150), framed=st.booleans(), ascii_only=st.booleans())
def test_no_printed_line_is_wider_than_the_window(made, width, framed, ascii_only):
    columns, rows = made
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii" if ascii_only else "utf-8", write_through=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        print_table(table(columns, rows), stream, framed=framed)
    lines = stream.buffer.getvalue().decode(stream.encoding).split("\n")
    assert max(map(cell_len, lines)) <= width


def test_a_heading_is_wrapped_before_a_column_is_left_out():
    columns = [Column("image", Kind.NAME), Column("deep shadow %", Kind.NUMBER)]
    assert fit(columns, [("a.jpg", "1.0")], 14, 3).widths == (5, 6)
