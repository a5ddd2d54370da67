"""The tests that need a GPU, in a process of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

from gpu.check import Bench, Found

_OUTCOME = re.compile(r"^(tests/\S+::\S+.*?) (PASSED|FAILED|ERROR|SKIPPED)\b", re.MULTILINE)
_OPTIONS = ("-p", "no:cacheprovider", "-v", "--tb=short", "-m", "gpu")
# Not those of the project: they ask for beartype, without which pytest would not even start.
_ADDOPTS = "addopts=--import-mode=importlib --strict-markers"
_SAID = 3000
"""Characters of the end of the output that are kept if a test does not pass."""


def gpu_tests(bench: Bench, seconds: float) -> Found:
    """Outcome of each test of ``tests/gpu``; those that are not done in time are missing.

    Args:
        bench: Its root is where the tests are.
        seconds: When to end the process.
    """
    log = bench.folder / "tests.log"
    hidden = {} if bench.clock.is_cuda else {"CUDA_VISIBLE_DEVICES": ""}  # a check of the CPU uses no GPU
    code = _run(bench.root, log, seconds, hidden)
    said = log.read_text(errors="replace")
    outcomes = {name: outcome.lower() for name, outcome in _OUTCOME.findall(said)}
    counts = {kind: list(outcomes.values()).count(kind) for kind in ("passed", "failed", "error", "skipped")}
    yield "code", code
    yield "counts", counts
    yield (
        "not_passed",
        {name: outcome for name, outcome in outcomes.items() if outcome not in ("passed", "skipped")},
    )
    if code:
        yield "end_of_output", said[-_SAID:]


def _run(root: Path, log: Path, seconds: float, variables: dict[str, str]) -> int | None:
    """Exit code of pytest; None where it was ended."""
    words = [sys.executable, "-m", "pytest", *_OPTIONS, "-o", _ADDOPTS, "tests/gpu"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"} | variables
    with log.open("w") as output:
        try:
            return subprocess.run(
                words, cwd=root, env=environment, stdout=output, stderr=output, timeout=seconds, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            return None
