"""The manual pages are current, and `man` can read them."""

import shutil
import subprocess
import tomllib

import pytest


@pytest.fixture(scope="module")
def generate(docs_script):
    """The module ``docs/generate.py``."""
    return docs_script("generate")


@pytest.fixture(scope="module")
def pages(generate):
    return generate.manual_pages()


def test_the_manual_is_current(generate, pages):
    written = {path.name: path.read_text() for path in generate.MANUAL.glob("*.1")}
    assert written == pages, "run `make docs`"


def test_each_command_has_a_page(generate, pages):
    names = [words.replace(" ", "-") for words, _ in generate.walk(generate.finished(generate.app), "lle")]
    assert sorted(pages) == sorted(f"{name}.1" for name in names)
    assert len(pages) > 30


def test_the_first_page_names_commands_options_and_codes(pages):
    text = pages["lle.1"]
    for words in (
        ".BR lle\\-enhance (1)",
        ".SS Detection",
        "\\-\\-log\\-file",
        ".B 130, 143",
        "LLE_MODEL_DIR",
        "\n.PP\nNew codes may be added",
    ):
        assert words in text


def test_a_page_has_the_options_with_values_and_defaults(pages):
    text = pages["lle-enhance.1"]
    assert "\\fB\\-\\-contrast\\fR \\fI0..2\\fR\n" in text
    assert "Default: 95.\n" in text
    assert ".SH EXAMPLES\n.nf\nlle enhance" in text
    assert "\\-\\-log\\-file" not in text  # is in lle(1)
    assert ".BR lle\\-train\\-vqgan (1)" in pages["lle-train.1"]


def test_no_page_asks_for_a_preprocessor(pages):
    assert all(text.startswith('.\\" ') for text in pages.values())


def test_troff_finds_no_mistake(pages, tmp_path):
    if not (groff := shutil.which("groff")):
        pytest.skip("groff is not installed")
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [groff, "-man", "-Tascii", "-ww", "-z", *sorted(map(str, tmp_path.glob("*.1")))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_the_package_installs_all_pages(root):
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    shared = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared["man"] == "share/man/man1"
