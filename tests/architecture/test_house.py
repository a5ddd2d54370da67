"""Structure and language: no circles, no splinters, no untyped options, no riddles."""

import re

import pytest

from tests.architecture.import_graph import circle_in, import_graph, small_modules

SMALLEST_MODULE = 60
MOST_SMALL_MODULES = 20
REASON = re.compile(r"A file of its own", re.IGNORECASE)

WORDS_TO_AVOID = re.compile(
    r"\b(told|tells|tell of|that is there|that are there|what came of|by itself|by themselves|goes by"
    r"|shall|mends?|mended|whole story|wish(?:es)?|so much|such a one|lest|painter|doubt|knobs|exhibit)\b",
    re.IGNORECASE,
)

OLD_KEY = re.compile(r'"\w+": "\w+",$')
"""A row of a table that reads files of earlier versions."""


def test_no_modules_import_each_other_in_a_circle(root):
    graph = import_graph(root / "lowlight_cli")
    assert len(graph) > 200
    assert circle_in(graph) == []


def test_a_circle_is_found():
    graph = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("a"), "d": frozenset("a")}
    assert set(circle_in(graph)) == {"a", "b", "c"}


def test_small_modules_with_one_importer_give_a_reason(root):
    small = small_modules(root / "lowlight_cli", shorter_than=SMALLEST_MODULE)
    assert len(small) <= MOST_SMALL_MODULES
    sources = {name: (root / f"{name.replace('.', '/')}.py").read_text() for name in small}
    assert [name for name, source in sources.items() if not REASON.search(source)] == []


def test_commands_pass_no_mapping_of_options_on(root):
    found = [
        path.name
        for path in (root / "lowlight_cli" / "cli").glob("*.py")
        if re.search(r"Mapping\[str, Any\]|\blocals\(\)", path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("folder", ["lowlight_cli", "docs", "."])
def test_words_that_read_as_riddles_are_avoided(root, folder):
    pattern = {"lowlight_cli": "**/*.py", "docs": "**/*.md", ".": "*.md"}[folder]
    paths = [path for path in sorted((root / folder).glob(pattern)) if path.name != "CHANGELOG.md"]
    assert paths
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if WORDS_TO_AVOID.search(line) and not OLD_KEY.match(line.strip())
    ]
    assert found == []
