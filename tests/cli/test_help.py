"""Help at 80 columns: summaries uncut, examples unwrapped, metavars, no riddles."""

import re

import pytest

from lowlight_cli.cli.app import app
from lowlight_cli.cli.typer_app import finished
from tests.architecture.test_house import WORDS_TO_AVOID


def pages():
    """Words of every command and group."""

    def walk(command, words):
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, (*words, name))

    return sorted(walk(finished(app), ()))


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
    assert re.findall(r"<(?:str|int|int range|float|float range|path|list\[\w+\])>|default: \(", page) == []


def test_examples_are_whole_commands(page):
    blocks = re.findall(r"^ *Examples?:\n?((?:.*\S.*\n)+)", page, re.MULTILINE)
    for block in blocks:
        joined = block.replace("\\\n", " ")
        assert all(line.lstrip().startswith("lle ") for line in joined.splitlines()), block
