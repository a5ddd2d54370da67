"""The progress bar of a run over images."""

import io
import sys
from pathlib import Path

import pytest

from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import Progress, StatusLine, rate, shown
from lowlight_cli.pipeline.report import Row


def terminal(monkeypatch):
    """Takes what reaches a terminal of 80 columns; called in a test, since pytest sets stderr before it."""
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    return stream


def last_bar(stream):
    return stream.getvalue().rstrip("\n").split("\r")[-1].rstrip()


def test_the_bar_gives_the_rate_of_the_summary_and_the_name_of_the_image(monkeypatch):
    stream = terminal(monkeypatch)
    with Progress(30, GlobalSettings()) as progress:
        progress.show(Row(Path("a.jpg"), Path("b.jpg"), "ok", width=1000, height=1000))
        progress.working(Path("folder/next.jpg"))
        text = last_bar(stream)
    assert text.startswith("1/30")
    assert text.endswith(" MP/s  next.jpg")
    assert " img/s, " in text


def test_a_long_name_is_cut_in_the_middle_and_goes_where_there_is_no_room(monkeypatch):
    stream = terminal(monkeypatch)
    with Progress(30, GlobalSettings()) as progress:
        progress.working(Path("x" * 90 + "-0815.jpg"))
        text = last_bar(stream)
    assert len(text) < 80
    assert text.endswith("-0815.jpg")
    assert "…" in text
    monkeypatch.setenv("COLUMNS", "40")
    with Progress(30, GlobalSettings()) as progress:
        progress.working(Path("name.jpg"))
        assert "name" not in last_bar(stream)


@pytest.mark.parametrize("settings", [GlobalSettings(quiet=True), GlobalSettings(progress="lines")])
def test_without_a_bar_nothing_says_what_is_loaded(monkeypatch, settings):
    stream = terminal(monkeypatch)
    StatusLine(settings).show("loading codeenhance ...")
    assert stream.getvalue() == ""


def test_a_cleared_line_leaves_nothing(monkeypatch):
    stream = terminal(monkeypatch)
    status = StatusLine(GlobalSettings())
    status.show("loading codeenhance ...")
    assert stream.getvalue() == "\rloading codeenhance ..."
    status.clear()
    assert last_bar(stream) == ""


def test_a_rate_is_of_images_and_of_pixels():
    assert rate(5, 10.0, 4.0) == "1.2 img/s, 2.5 MP/s"


@pytest.fixture
def places(monkeypatch, tmp_path):
    """The current folder, and a home that does not hold it."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    return tmp_path


def test_messages_name_paths_as_they_are_typed(places):
    assert shown(Path("photos/a.jpg")) == "photos/a.jpg"
    assert shown(places / "work" / "out" / "a.jpg") == "out/a.jpg"
    assert shown(places / "me" / "out" / "a.jpg") == "~/out/a.jpg"
    assert shown(Path("/elsewhere/a.jpg")) == "/elsewhere/a.jpg"
    assert shown(f"'{places}/work/a.jpg' and {places}/me/b.jpg differ") == "'a.jpg' and ~/b.jpg differ"


def test_parts_of_longer_paths_are_left_alone(places):
    for text in (
        f"/mnt{places}/work/a.jpg",
        f"{places}/works/a.jpg",
        f"..{places}/work/a",
        f"in {places}/work",
    ):
        assert shown(text) == text


def test_a_current_folder_that_is_gone_is_no_error(places):
    (places / "work").rmdir()
    assert shown(places / "me" / "a.jpg") == "~/a.jpg"
