"""Options of every command: before and after its name, and what they do."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lowlight_cli.cli.app import app
from lowlight_cli.cli.typer_app import finished

RECORD = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (debug|info|warning|error|critical) +\[\d+\] "
)


@pytest.fixture
def photos(tmp_path, make_picture):
    make_picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    return tmp_path / "in"


@pytest.fixture
def broken(monkeypatch):
    """A program with a bug."""

    def fail(*_):
        raise KeyError("lost\n\x1b[31m")

    monkeypatch.setattr("lowlight_cli.cli.models.user_folders", fail)


def all_commands(command, words=()):
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from all_commands(child, (*words, name))


def test_each_command_has_each_global_option():
    found = dict(all_commands(finished(app)))
    assert len(found) > 12
    for words, command in found.items():
        options = {name for option in command.params for name in option.opts}
        wanted = {"-q", "-v", "--log-file", "--log-format", "--color", "--no-color", "--progress", "--config"}
        assert wanted | {"--no-config", "--profile"} <= options, words


@pytest.mark.parametrize("place", ["before", "after"])
def test_global_options_stand_before_and_after_the_command(run_lle, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ["-q", "--log-file", tmp_path / "log"]
    words = ["config", "init"]
    assert run_lle(*([*options, *words] if place == "before" else [*words, *options])) == (0, "", "")
    assert "called as: lle" in (tmp_path / "log").read_text()


def test_the_last_place_wins_and_verbosity_adds_up(run_lle):
    def held(*words):
        rows = json.loads(run_lle(*words, "--json").out)
        return {row["key"]: row["value"] for row in rows if row["section"] == ""}

    assert held("--color", "always", "config", "show", "--color", "never")["color"] == "never"
    assert held("--color", "always", "config", "show")["color"] == "always"
    assert held("config", "show", "--no-color")["color"] == "never"
    assert held("-v", "config", "show", "-v", "-q")["verbose"] == 2


def test_what_is_typed_beats_the_environment(run_lle, monkeypatch):
    monkeypatch.setenv("LLE_COLOR", "always")
    rows = json.loads(run_lle("--color", "never", "config", "show", "--json").out)
    assert [row["value"] for row in rows if row["key"] == "color"] == ["never"]


def test_quiet_says_failures_only(run_lle, photos, tmp_path):
    run = run_lle("-q", "enhance", photos, "-o", tmp_path / "out", "--model", "identity")
    assert (run.code, run.out) == (3, "")
    assert "bad.png" in run.err
    assert "enhanced" not in run.err


def test_a_log_file_has_everything_even_of_a_quiet_run(run_lle, photos, tmp_path):
    log = tmp_path / "lle.log"
    log.write_text("before\n")
    run_lle(
        "enhance",
        photos,
        "-o",
        tmp_path / "out",
        "--model",
        "identity",
        "-q",
        "--log-file",
        log,
        "--no-color",
    )
    first, *lines = log.read_text().splitlines()
    assert first == "before"
    assert all(RECORD.match(line) for line in lines)
    text = "\n".join(lines)
    for words in (
        "called as: lle enhance",
        "-q",
        "2 images, identity",
        "ok ",
        "a.png",
        "failed",
        "1 enhanced",
    ):
        assert words in text
    assert "\x1b" not in text


def test_a_log_that_cannot_be_written_ends_the_run(run_lle, tmp_path):
    run = run_lle("models", "path", "--log-file", tmp_path / "none" / "log")
    assert (run.code, run.out) == (8, "")
    assert "cannot write the log" in run.err


def test_a_usage_error_is_logged_too(run_lle, tmp_path):
    assert run_lle("--log-file", tmp_path / "log", "models", "nothing").code == 2
    assert "No such command 'nothing'" in (tmp_path / "log").read_text()


def test_verbose_says_more(run_lle, monkeypatch):
    assert run_lle("models", "path").err == ""
    assert "debug: called as: lle models path -vv" in run_lle("models", "path", "-vv").err
    monkeypatch.setenv("LLE_LOG", "debug")
    assert "debug: called as" in run_lle("models", "path").err
    assert "debug" not in run_lle("models", "path", "-q").err
    monkeypatch.setenv("LLE_LOG", "loud")
    run = run_lle("models", "path")
    assert run.code == 2
    assert "LLE_LOG" in run.err


def test_a_bug_is_one_line_and_its_traceback_a_file(run_lle, broken):
    run = run_lle("models", "path")
    assert (run.code, run.out) == (1, "")
    assert len(run.err.splitlines()) == 1
    assert "\x1b" not in run.err
    assert "internal error: KeyError" in run.err
    place = run.err.split("please report it with ")[1].strip()
    assert place.startswith(os.environ["XDG_STATE_HOME"])
    text = Path(place).read_text()
    assert "Traceback" in text
    assert "in fail" in text
    assert "\x1b" not in text


def test_a_long_story_of_a_bug_is_cut_on_the_line_and_whole_in_the_file(run_lle, monkeypatch):
    story = " ".join(f"word{number}" for number in range(2000))

    def fail(*_):
        raise ValueError(story)

    monkeypatch.setattr("lowlight_cli.cli.models.user_folders", fail)
    run = run_lle("models", "path")
    assert run.code == 1
    assert len(run.err) < 500
    assert "word0 word1" in run.err
    assert story in Path(run.err.split("please report it with ")[1].strip()).read_text()


def test_the_traceback_of_a_bug_goes_to_the_log_there_is(run_lle, broken, tmp_path):
    run = run_lle("models", "path", "--log-file", tmp_path / "log")
    assert run.code == 1
    assert f"report it with {tmp_path / 'log'}" in run.err
    assert "in fail" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("asked", [["-vv"], []])
def test_tracebacks_are_shown_when_asked_for(run_lle, broken, monkeypatch, asked):
    if not asked:
        monkeypatch.setenv("LLE_DEBUG", "1")
    run = run_lle("models", "path", *asked)
    assert run.code == 1
    assert "Traceback" in run.err


def test_an_interruption_is_one_line(run_lle, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("lowlight_cli.cli.models.user_folders", interrupt)
    assert run_lle("models", "path") == (130, "", "lle: interrupted\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["enhance", "in", "--contrst", "1"], "did you mean --contrast?"),
        (["--qiet", "models", "list"], "did you mean --quiet?"),
        (["modles"], "Did you mean 'models'?"),
        (["models", "lst"], "Did you mean 'list'?"),
        (["model"], "Did you mean 'models'?"),
        (["enhance", "in", "--bright", "1"], "No such option"),
    ],
)
def test_mistyped_words_are_not_guessed_but_explained(run_lle, words, hint):
    run = run_lle(*words)
    assert (run.code, run.out) == (2, "")
    assert hint in run.err
    assert "Try `lle" in run.err
    assert "Usage" not in run.err


def test_a_file_whose_name_is_taken_for_an_option_is_named(run_lle, make_picture, tmp_path, monkeypatch):
    make_picture(tmp_path / "-dash.png")
    monkeypatch.chdir(tmp_path)
    run = run_lle("enhance", "-dash.png", "-o", "out")
    assert run.code == 2
    assert "for the file of that name write ./-dash.png" in run.err


def test_no_words_give_help(run_lle):
    run = run_lle()
    assert (run.code, run.out) == (2, "")
    assert "Usage: lle" in run.err


def test_help_has_sections(run_lle):
    text = run_lle("models", "info", "--help").out
    positions = [text.index(title) for title in ("Usage:", "Arguments:", "Options:", "Global options:")]
    assert positions == sorted(positions)


def test_a_reader_that_goes_away_is_no_error(root):
    done = subprocess.run(
        f"{sys.executable} -c 'from lowlight_cli.cli.app import main; raise SystemExit(main())' config show "
        "| head -n 1; echo ${PIPESTATUS[0]}",
        shell=True,
        executable="/bin/bash",
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    first, code = done.stdout.splitlines()
    assert first == "quiet = false"
    assert code in ("0", "141")
