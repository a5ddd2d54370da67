"""Tables fit the place they are printed to."""

import io

import pytest

from lowlight_cli.cli.table_layout import Column, Kind
from lowlight_cli.cli.tables import aligned, make_console, print_table, table, wants_color


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def pipe():
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR")
    return Terminal(io.BytesIO(), encoding="utf-8", write_through=True)


def written(stream):
    return stream.buffer.getvalue().decode(stream.encoding)


def long_table():
    return table(["picture", "PSNR ↑"], [["name " * 40, "21.2345"], ["b", "9.1"]], numbers=["PSNR ↑"])


def test_a_piped_table_is_as_wide_as_its_content(pipe, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    print_table(long_table(), pipe)
    lines = written(pipe).splitlines()
    assert len(lines) == 6
    assert "name " * 39 in lines[3]


def test_columns_of_the_environment_win(pipe, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    print_table(long_table(), pipe)
    assert {len(line) for line in written(pipe).splitlines()} == {50}
    assert written(pipe).count("name") == 40
    assert "21.2345" in written(pipe)


def test_frames_are_ascii_where_the_encoding_has_no_lines(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    print_table(table(["a"], [["b"]]), stream)
    assert "+---+" in written(stream)


def test_left_out_text_is_marked_with_what_the_encoding_has(monkeypatch):
    monkeypatch.setenv("COLUMNS", "24")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    print_table(table([Column("image", Kind.NAME)], [["folder/sub/photo-0815.jpg"]]), stream)
    assert "| folder/su...0815.jpg |" in written(stream)


def test_wide_characters_count_twice(pipe, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    print_table(table([Column("image", Kind.NAME)], [["夜" * 30]]), pipe, framed=False)
    assert written(pipe).splitlines()[1] == "夜" * 7 + "…" + "夜" * 7


def test_facts_are_wrapped_under_their_column_and_paths_stay_whole(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    path = "/a/long/path/to/something/that/nobody/cuts"
    lines = aligned([("key", "words " * 8), ("file", path)]).splitlines()
    assert lines[:2] == ["key   " + "words words words words words", "      words words words"]
    assert lines[2] == f"file  {path}"


def test_text_in_brackets_is_no_markup(pipe):
    print_table(table(["[red]head"], [["[bold]x[/bold]"]], caption="[i]c"), pipe)
    for text in ("[red]head", "[bold]x[/bold]", "[i]c"):
        assert text in written(pipe)


def test_numbers_stand_right(pipe):
    print_table(long_table(), pipe)
    assert "│     9.1 │" in written(pipe)


@pytest.mark.parametrize(
    ("environment", "color", "colored"),
    [
        ({}, "auto", True),
        ({"NO_COLOR": "1"}, "auto", False),
        ({"NO_COLOR": ""}, "auto", True),
        ({"TERM": "dumb"}, "auto", False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, "auto", True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", False),
        ({"NO_COLOR": "1"}, "always", True),
        ({"FORCE_COLOR": "1"}, "never", False),
    ],
)
def test_color_in_a_terminal(terminal, monkeypatch, environment, color, colored):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_color(terminal, color) is colored
    make_console(terminal, color).print("x", style="red")
    assert ("\x1b" in written(terminal)) is colored


def test_each_stream_is_judged_for_itself(terminal, pipe, monkeypatch):
    assert wants_color(terminal)
    assert not wants_color(pipe)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_color(pipe)


def test_aligned_columns_line_up():
    assert aligned([("a", 1, "x"), ("bbb", 1234, "y")]) == "a        1  x\nbbb  1,234  y"
