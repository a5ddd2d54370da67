"""What is made from the program is current."""

import pytest


@pytest.fixture(scope="module")
def generate(docs_script):
    """The module ``docs/generate.py``."""
    return docs_script("generate")


@pytest.fixture(scope="module")
def commands(generate):
    """Words that call each command, and the command."""
    found = dict(generate.walk(generate.finished(generate.app), "lle"))
    assert {"lle enhance", "lle models info", "lle doctor", "lle train codeenhance"} <= found.keys()
    return found


def test_page_of_commands_is_current(generate):
    assert generate.COMMANDS_PAGE.read_text() == generate.commands_page(), "run `make docs`"


def test_page_of_data_sets_is_current(generate):
    assert generate.DATASETS_PAGE.read_text() == generate.datasets_page(), "run `make docs`"


def test_table_of_recipes_is_current(generate):
    assert generate.TABLE.read_text() == generate.recipe_table(), "run `make docs`"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completions_are_current(generate, shell):
    assert generate.COMPLETIONS[shell].read_text() == generate.completion_script(shell), (
        "run `make completions`"
    )


def test_each_command_and_option_is_explained(commands):
    for words, command in commands.items():
        assert command.help, words
        assert all(getattr(param, "help", None) for param in command.params), words


def test_each_command_gives_help(commands, run_lle):
    for words in commands:
        run = run_lle(*words.split()[1:], "--help")
        assert (run.code, run.err) == (0, ""), words
        assert "Usage: lle" in run.out
