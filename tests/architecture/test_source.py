"""What the source must look like; each scan says how much it found."""

import ast
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
LONGEST_RECIPE = 90
"""A recipe is one function, read top to bottom."""

BANNED_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "base", "new", "v2"}
BINARIES_MAY_LIE_IN = (
    "lowlight_cli/weights/",
    "lowlight_cli/metric_data/",
    "sample_images/",
    "docs/images/",
    "docs/models/",
    "tests/data/",
)
TEXT_ENDINGS = {
    "",
    ".py",
    ".html",
    ".md",
    ".toml",
    ".txt",
    ".yaml",
    ".json",
    ".bash",
    ".fish",
    ".ps1",
    ".1",
    ".tsv",
    ".csv",
    ".typed",
    ".j2",
    ".css",
    ".js",
    ".c",
}


@pytest.fixture(scope="module")
def tracked(root):
    """Paths of the files in git, or of all files where this is no git checkout."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode or not listed.stdout:
        pytest.skip("not a git checkout")
    return [Path(line) for line in listed.stdout.splitlines()]


@pytest.fixture(scope="module")
def modules(root):
    """Path and syntax tree of each module of the package."""
    found = {path: ast.parse(path.read_text()) for path in sorted((root / "lowlight_cli").rglob("*.py"))}
    assert len(found) > 40
    return found


@pytest.mark.parametrize(("folder", "fewest"), [("lowlight_cli", 40), ("tests", 100), ("benchmarks", 10)])
def test_files_are_short(root, folder, fewest):
    lengths = {path: len(path.read_text().splitlines()) for path in (root / folder).rglob("*.py")}
    assert len(lengths) > fewest
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short(modules):
    found = [
        (path, node, node.end_lineno - _first_line(node) + 1)
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert len(found) > 100
    assert [f"{path}:{node.name} {lines}" for path, node, lines in found if lines > _longest(path)] == []


def test_packages_are_docstrings_only(modules, root):
    public = root / "lowlight_cli" / "__init__.py"
    packages = [tree for path, tree in modules.items() if path.name == "__init__.py" and path != public]
    assert len(packages) >= 10
    for tree in packages:
        assert ast.get_docstring(tree)
        assert len(tree.body) == 1


def test_the_public_package_imports_nothing_of_its_own_by_itself(modules, root):
    tree = modules[root / "lowlight_cli" / "__init__.py"]
    imported = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [node.module for node in imported] == ["typing"]


def test_modules_are_named_after_what_they_hold(modules):
    assert {path.stem for path in modules} & BANNED_NAMES == set()


def test_pyiqa_is_never_imported_at_the_top(modules):
    tops = [
        node
        for tree in modules.values()
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert len(tops) > 100
    names = {alias.name for node in tops for alias in node.names} | {
        getattr(node, "module", "") for node in tops
    }
    assert not any(name and name.split(".")[0] == "pyiqa" for name in names)


def test_only_the_command_line_prints(modules):
    printing = {
        str(path)
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {path for path in printing if "/cli/" not in path} == set()


def test_binaries_are_pictures_and_weights_only(tracked):
    assert len(tracked) > 60
    binaries = [path for path in tracked if path.suffix not in TEXT_ENDINGS]
    assert [path for path in binaries if not path.as_posix().startswith(BINARIES_MAY_LIE_IN)] == []


def test_nothing_generated_is_in_git(tracked):
    parts = {part for path in tracked for part in path.parts}
    assert not parts & {"__pycache__", ".venv", ".venv-ci", "build", "dist", ".mypy_cache", ".DS_Store"}


def test_tracked_files_are_small(tracked, root):
    sizes = {path: (root / path).stat().st_size for path in tracked if (root / path).exists()}
    assert [path for path, size in sizes.items() if size > 12 * 2**20] == []


def test_imports_go_downwards(root):
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run([linter], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 kept, 0 broken" in done.stdout


def _first_line(node):
    """Line of the first statement after the docstring: explaining at length is no fault."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[0].lineno if body else node.end_lineno


def _longest(path):
    return LONGEST_RECIPE if path.parent.name == "recipes" else LONGEST_FUNCTION


COUNTED_NOUNS = (
    "annotation box class column comparison core crop detection file frame image key level metric model pair "
    "photo picture prediction problem process row run step tensor thread"
)
PLURALS = [noun + ("es" if noun[-1] in "sx" else "s") for noun in COUNTED_NOUNS.split()]
PLURAL = re.compile(rf" (?:[a-z-]+ )?(?:{'|'.join(PLURALS)})\b")
NO_COUNTS = {"split", "format_name"}
"""Names of values that are words."""


def test_counts_in_messages_are_written_with_their_noun_by_counted(modules):
    checked, wrong = 0, []
    for path, tree in modules.items():
        for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
            for value, after in itertools.pairwise(text.values):
                if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                    checked += 1
                    source = ast.unparse(value.value)
                    is_never_one = source.isupper() or source in NO_COUNTS
                    if PLURAL.match(after.value) and not is_never_one and not source.startswith("counted("):
                        wrong.append(f"{path}:{value.lineno}: {{{source}}}{after.value}")
    assert checked > 500
    assert wrong == []
