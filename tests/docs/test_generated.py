"""What is made from the program is current, and what is written about it exists."""

import importlib.util
import re
import shlex

import pytest


@pytest.fixture(scope="module")
def generate(root):
    """The module ``docs/generate.py``."""
    spec = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/configuration.md", "docs/evaluation.md"],
)
def test_commands_in_pages_exist(root, commands, page):
    if not (root / page).exists():
        pytest.skip(f"{page} is not written yet")
    for line in _calls((root / page).read_text()):
        words = shlex.split(line)
        name = next(" ".join(words[:n]) for n in (3, 2, 1) if " ".join(words[:n]) in commands)
        assert name != "lle" or set(words) & {"--help", "--version", "-h"}, line
        known = {option for param in commands[name].params for option in (*param.opts, *param.secondary_opts)}
        used = {re.split("[= ]", word)[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
        assert used <= known | {"--help", "-h"}, line


def test_pages_that_are_linked_exist(root):
    pages = [root / "README.md", *(root / "docs").rglob("*.md"), root / "CONTRIBUTING.md"]
    links = [
        (page, target)
        for page in pages
        if page.exists()
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text())
        if "://" not in target
    ]
    assert links
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def _calls(text):
    """Lines of code blocks that call ``lle``, without what a shell does around the call."""
    blocks = re.findall(r"```(?:bash|sh|console)?\n(.*?)```", text, re.DOTALL)
    blocks += re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    joined = "\n".join(blocks).replace("\\\n", " ")
    found = re.findall(r"(?:^|[\s|;/&(])lle ([^|;&>)#\n]*)", joined)
    return [f"lle {call}" for call in found]
