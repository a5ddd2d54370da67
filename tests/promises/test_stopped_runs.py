"""Promise: a run that is killed or interrupted leaves whole files only, and can be gone on with."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_kills_and_interrupts_leave_whole_files(root, tmp_path):
    """A short form of benchmarks/kill.py, which says by its exit code whether the promise was kept."""
    result = tmp_path / "result.json"
    options = ["--kills", "3", "--interrupts", "5", "--count", "30", "--result", str(result)]
    done = subprocess.run(
        [sys.executable, "benchmarks/kill.py", *options],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cases = json.loads(result.read_text())["cases"]
    assert (cases["kill"]["stops"], cases["interrupt"]["stops"]) == (3, 5)
    assert set(cases["interrupt"]["codes"]) <= {"0", "130"}
    assert cases["interrupt"]["tracebacks"] == cases["interrupt"]["temporary"] == 0
