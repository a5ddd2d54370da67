"""Help at 80 columns: summaries uncut, examples unwrapped, metavars, groups, colors in terminals only."""

import os
import pty
import re
import subprocess
import sys

import pytest

from lowlight_cli.cli.app import app
from lowlight_cli.cli.help_pages import GROUPS, LONGEST_SUMMARY, default_text, group_of, value_name
from lowlight_cli.cli.typer_app import finished
from tests.architecture.test_house import WORDS_TO_AVOID

PROGRAM = finished(app)


def pages():
    """Words and command of every command and group."""

    def walk(command, words):
        yield words, command
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, (*words, name))

    return dict(sorted(walk(PROGRAM, ())))


PAGES = pages()


@pytest.fixture(params=PAGES, ids=" ".join)
def page(request, run_lle, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    run = run_lle(*request.param, "--help")
    assert (run.code, run.err) == (0, "")
    return run.out


def test_all_commands_are_looked_at():
    assert len(PAGES) >= 30


def test_a_page_reads_well(page):
    lines = page.splitlines()
    body = [line for line in lines if not line.lstrip().startswith(("Usage:", "lle ", "Example"))]
    assert [line for line in body if line.endswith("...")] == []  # a summary was cut
    assert [line for line in body if len(line) > 80] == []
    assert WORDS_TO_AVOID.findall(page) == []
    assert re.findall(r"<[a-z][a-z |]*>|<list|default: \(|x[<>]=|<=x", page) == []
    assert "\x1b" not in page


def test_examples_are_whole_commands(page):
    blocks = re.findall(r"^ *Examples?:\n?((?:.*\S.*\n)+)", page, re.MULTILINE)
    for block in blocks:
        joined = block.replace("\\\n", " ")
        assert all(line.lstrip().startswith("lle ") for line in joined.splitlines()), block


def test_each_command_is_in_a_group_of_the_first_page(run_lle):
    assert {
        name: group_of(child) for name, child in PROGRAM.commands.items() if group_of(child) not in GROUPS
    } == {}
    text = run_lle("--help").out
    positions = [text.index(f"\n{group}:\n") for group in GROUPS]
    assert positions == sorted(positions)
    assert "\nCommands:" not in text


@pytest.mark.parametrize("words", [words for words in PAGES if words], ids=" ".join)
def test_summaries_are_short(words):
    assert 0 < len(PAGES[words].get_short_help_str()) <= LONGEST_SUMMARY


def test_global_options_take_one_line_except_on_the_first_page(run_lle, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    last = run_lle("enhance", "--help").out.splitlines()[-1]
    assert last.startswith("Global options: -q, -v, ")
    assert last.endswith("(see lle --help)")
    first = run_lle("--help").out.partition("Global options:\n")[2]
    assert {"--log-format text|json", "--profile NAME", "--no-config"} <= set(
        re.findall(r"--\S+(?: \S+)?", first)
    )


@pytest.mark.parametrize(
    ("words", "option", "value", "default"),
    [
        ("enhance", "contrast", "0..2", "1"),
        ("enhance", "quality", "1..100", "95"),
        ("enhance", "seed", "N", "0"),
        ("enhance", "tile", "auto|off|N", "auto"),
        ("enhance", "recursive", "", "recursive"),
        ("enhance", "hidden", "", ""),
        ("enhance", "output_format", "keep|jpg|png|tiff|webp|avif", "keep"),
        ("train codeenhance", "learning_rate", "N", "5e-4"),
        ("train codeenhance", "seed", "N", "0"),
        ("train codeenhance", "overfit", "N", ""),
        ("train bench", "learning_rate", "N", "that of the recipe"),
        ("train vqcnir", "max_steps", "N", None),
    ],
)
def test_values_and_defaults_of_options(words, option, value, default):
    param = next(each for each in PAGES[tuple(words.split())].params if each.name == option)
    assert value_name(param) == value
    if default is None:  # of two recipes
        assert re.fullmatch(r"\d+ \(lq\), \d+ \(hq\)|\d+", default_text(param))
    else:
        assert default_text(param) == default


def test_help_is_a_command(run_lle):
    assert run_lle("help").out == run_lle("--help").out
    assert run_lle("help", "train", "vqgan").out == run_lle("train", "vqgan", "--help").out
    assert run_lle("help", "config").out == run_lle("config", "--help").out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["trian"], "'trian'; did you mean 'train'?"),
        (["models", "lst"], "'models lst'; did you mean 'list'?"),
        (["qqq"], "'qqq'; see `lle --help`"),
        (["doctor", "x"], "`lle doctor` has no commands"),
    ],
)
def test_help_of_what_does_not_exist_is_refused(run_lle, words, hint):
    run = run_lle("help", *words)
    assert (run.code, run.out) == (2, "")
    assert hint in run.err


def test_version_is_a_command(run_lle):
    assert run_lle("version") == run_lle("--version")


@pytest.mark.parametrize("name", ["one.jpg", "photos"])
def test_a_path_in_place_of_a_command_gets_a_hint(run_lle, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "one.jpg").write_bytes(b"")
    run = run_lle(name)
    assert (run.code, run.out) == (2, "")
    assert f"did you mean `lle enhance {name}`?" in run.err


def test_a_folder_named_like_a_command_hides_nothing(run_lle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "version").mkdir()
    assert run_lle("version").code == 0


@pytest.mark.parametrize(
    ("environment", "options", "is_bold"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--color", "never"], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
    ],
)
def test_headings_are_bold_in_a_terminal(root, environment, options, is_bold):
    text = in_terminal(root, [*options, "models", "--help"], environment)
    assert ("\x1b[1mUsage:\x1b[0m" in text) == is_bold
    assert ("\x1b[1mCommands:\x1b[0m" in text) == is_bold
    assert ("\x1b[36mlist\x1b[0m" in text) == is_bold
    assert "\x1b[" in text or not is_bold
    plain = re.sub(r"\x1b\[\d+m", "", text).replace("\r\n", "\n")
    assert "\n  list    List models and their presets.\n" in plain


def test_help_after_a_call_without_words_goes_to_stderr_without_colors(run_lle):
    run = run_lle("models")
    assert (run.code, run.out) == (2, "")
    assert "\x1b" not in run.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--contrast", "3"], "--contrast must be between 0 and 2, got 3"),
        (["--workers", "0"], "--workers must be at least 1, got 0"),
        (["--quality", "high"], "--quality must be a whole number, got high"),
        (["--contrast", "high"], "--contrast must be a number, got high"),
    ],
)
def test_a_wrong_number_is_explained(run_lle, words, message):
    run = run_lle("enhance", "in", "-o", "out/", *words)
    assert (run.code, run.out) == (2, "")
    assert message in run.err
    assert "Input should" not in run.err


def in_terminal(root, words, changes):
    """What a terminal gets on stdout."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "lowlight_cli", *words],
        cwd=root,
        env=environment | changes,
        stdout=theirs,
    ):
        os.close(theirs)
        pieces = []
        try:
            while piece := os.read(ours, 4096):
                pieces.append(piece)
        except OSError:  # Linux ends a terminal so
            os.close(ours)
    return b"".join(pieces).decode()
