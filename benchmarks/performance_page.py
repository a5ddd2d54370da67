"""Writes the tables of docs/performance.md from the results of ``gpu_check.py`` in benchmarks/results.

python benchmarks/performance_page.py
"""

import argparse
import json
from pathlib import Path

from gpu.tables import as_markdown

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN = "<!-- Made by `make performance` from benchmarks/results; edit nothing below. -->\n"


def main() -> None:
    """Writes the page."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    PAGE.write_text(page())


def page() -> str:
    """The page as it should be: what a person wrote, then a chapter for each result."""
    written = PAGE.read_text().partition(BEGIN)[0]
    paths = sorted(RESULTS.glob("gpu-check--*.json")) + sorted(RESULTS.glob("gpu-check-quick--*.json"))
    return written + BEGIN + "".join(_chapter(path) for path in paths)


def _chapter(path: Path) -> str:
    suite, machine, device = path.stem.split("--")
    result = json.loads(path.read_text())
    quick = "A quick run: it shows that everything runs, and says nothing of speed.\n\n"
    head = f"\n## {machine}, {device}{', quick' if suite.endswith('quick') else ''}\n\n"
    return f"{head}{quick if suite.endswith('quick') else ''}{as_markdown(result)}\n"


if __name__ == "__main__":
    main()
