"""Pages that people write: each is found, its links lead somewhere, and its commands parse."""

import re
import shlex

import pytest
from typer.exceptions import TyperException

from lowlight_cli.cli.app import app
from lowlight_cli.cli.typer_app import finished
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "sample_images/README.md", *DOCS.rglob("*.md")]
GENERATED = {DOCS / "commands.md"}

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
CALL = re.compile(
    r"(?:(?<=[\s/|;&(])|^)(?<!-t )(?:lle|python -m lowlight_cli|-m lowlight_cli) ([^|;&>)#\n]*)"
)
INLINE = re.compile(r"`lle ([^`]+)`")


@pytest.fixture(scope="module")
def program():
    """The commands."""
    return finished(app)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_to_files_and_headings(page):
    for link in _links(page):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert path.is_relative_to(ROOT), link
        assert not anchor or anchor in _anchors(path), link


def test_every_page_is_reached_from_the_index():
    reached, queue = set(), [DOCS / "README.md"]
    while queue:
        page = queue.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        queue += [(page.parent / link.partition("#")[0]).resolve() for link in _links(page) if link[0] != "#"]
    assert len(reached) > 35
    assert set(DOCS.rglob("*.md")) - reached == set()


def test_every_page_is_one_step_from_the_index():
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in _links(DOCS / "README.md")}
    assert set(DOCS.rglob("*.md")) - listed == {DOCS / "README.md"}


@pytest.mark.parametrize("page", sorted(set(PAGES) - GENERATED), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_parse(page, program):
    text = page.read_text()
    assert [found for words in _calls(text) if (found := _problem(program, words))] == []
    # A sentence may name a command or an option without all that it needs.
    found = [_problem(program, words) for words in _inline_calls(text)]
    assert [text for text in found if text and not re.search("Missing |requires an argument", text)] == []


def test_calls_are_found_and_mistakes_are_noticed(program):
    text = '```bash\nfind . | lle enhance --files-from - -0 \\\n  -o "out x" && lle doctor  # lle no\n```\n'
    assert _calls(text) == [["enhance", "--files-from", "-", "-0", "-o", "out x"], ["doctor"]]
    assert sum(len(_calls(page.read_text())) for page in PAGES) > 100
    for mistake in (
        "enhnce",
        "enhance --contrst 1",
        "enhance --contrast 3",
        "models lst",
        "config path here",
    ):
        assert _problem(program, mistake.split())


def test_readme_has_the_two_commands_that_do_everything():
    lines = [
        line for _, block in FENCE.findall((ROOT / "README.md").read_text()) for line in block.splitlines()
    ]
    both = [line for line in lines if line.startswith("python3 -m venv .venv && ")]
    assert len(both) == 2
    assert both[0].endswith(" pip install . && lle enhance sample_images -o out")
    assert both[1].endswith(" && .venv/bin/python -m pytest -n auto")
    assert "'.[test]'" in both[1]


def test_first_screen_of_the_readme_has_a_picture_and_a_command():
    first = (ROOT / "README.md").read_text().splitlines()[:24]
    assert any(line.startswith("![") for line in first)
    assert any("lle enhance sample_images" in line for line in first)


def _links(page):
    """Relative links outside of code."""
    text = FENCE.sub("", page.read_text())
    return [link for link in LINK.findall(text) if "://" not in link and not link.startswith("mailto:")]


def _anchors(page):
    """Names that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _calls(text):
    """Words after ``lle`` in code blocks, without what a shell does around the call."""
    blocks = [block for language, block in FENCE.findall(text) if language in ("", "bash", "sh", "console")]
    blocks += INDENTED.findall(FENCE.sub("", text))
    joined = re.sub(r" +#.*", "", "\n".join(blocks).replace("\\\n", " "))
    return [shlex.split(call) for line in joined.splitlines() for call in CALL.findall(line)]


def _inline_calls(text):
    """Words after ``lle`` in sentences, if the call is written out."""
    calls = INLINE.findall(FENCE.sub("", text))
    return [
        shlex.split(call) for call in calls if "..." not in call and not re.search(r"[A-Z|]{3,}|\*|<", call)
    ]


def _problem(program, words):
    """What is wrong with a call, in the words of the program; nothing if it parses."""
    command, rest = program, list(words)
    while commands := getattr(command, "commands", None):
        if not rest or rest[0].startswith("-"):
            return ""
        name = rest.pop(0)
        if name not in commands:
            return f"{words}: no such command"
        command = commands[name]
    if "--help" in rest:
        return ""
    try:
        command.make_context(command.name, rest)
    except TyperException as error:
        # The files of a page are those of its reader.
        message = error.format_message()
        return "" if "does not exist" in message else f"{words}: {message}"
    return ""
