"""Help, completion and plain mistakes are answered without torch."""

import os
import subprocess
import sys

import pytest

HEAVY = ("torch", "torchvision", "pyiqa", "cv2", "numpy")
SLOW = ("pydantic", "rich", "tomllib", "platformdirs")
"""Not needed for help, and a third of the time to start."""

PROBE = """
import sys
from lowlight_cli.cli.app import main
try:
    code = main({arguments!r})
except SystemExit as stop:
    code = stop.code
print()
print("loaded:", sorted(set(sys.modules) & set({heavy!r})), "code:", code)
"""

COMPLETE = """
import atexit, sys
atexit.register(lambda: print("loaded:", sorted(set(sys.modules) & set({heavy!r}))))
from lowlight_cli.cli.app import main
main([])
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["enhance", "--help"],
        ["models", "list"],
        ["models", "info", "nothing"],
        ["eval", "--help"],
        ["datasets", "list"],
    ],
    ids=" ".join,
)
def test_start_is_free_of_torch(root, arguments):
    assert "loaded: []" in _probe(root, arguments, {})


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["enhance", "--help"],
        ["eval", "--help"],
        ["config", "show", "--help"],
        ["detect-prep", "--help"],
        ["detect-eval", "--help"],
        ["report", "--help"],
    ],
    ids=" ".join,
)
def test_help_is_free_of_what_is_slow(root, words):
    assert "loaded: [] code: 0" in _run(root, PROBE.format(arguments=words, heavy=(*HEAVY, *SLOW)), {})


def test_completion_is_free_of_torch(root):
    words = {"_LLE_COMPLETE": "complete_bash", "COMP_WORDS": "lle models info codeenh", "COMP_CWORD": "3"}
    source = COMPLETE.format(heavy=HEAVY)
    answer = _run(root, source, words)
    assert answer.splitlines()[0] == "codeenhance"
    assert "loaded: []" in answer


def _probe(root, arguments, environment):
    return _run(root, PROBE.format(arguments=arguments, heavy=HEAVY), environment)


def _run(root, source, environment):
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout or done.stderr
