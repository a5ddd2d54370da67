"""The manual page is current, and `man` can read it."""

import importlib.util
import shutil
import subprocess

import pytest


@pytest.fixture(scope="module")
def generate(root):
    """The module ``docs/generate.py``."""
    spec = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_manual_is_current(generate):
    assert generate.MANUAL_PAGE.read_text() == generate.manual_page(), "run `make docs`"


def test_the_manual_names_commands_options_and_codes(generate):
    text = generate.manual_page()
    for words in (".B lle enhance", ".B lle config show", "\\-\\-log\\-file", ".B 130, 143", "LLE_MODEL_DIR"):
        assert words in text
    assert len(text) < 12_000


def test_troff_finds_no_mistake(generate):
    if not (groff := shutil.which("groff")):
        pytest.skip("groff is not installed")
    done = subprocess.run(
        [groff, "-man", "-Tascii", "-ww", "-z", generate.MANUAL_PAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
