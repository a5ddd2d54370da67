"""Any folder of files through `lle enhance -m identity`, and each result against its original.

Independent readers compare size, frames, opacity, depth, profile, tags and the colors that a viewer shows.
Originals must be the same bytes as before, and events, manifest and files must agree. With ExifTool on the
path, all tags are compared; else those of EXIF and XMP that Pillow reads.

    python benchmarks/corpus.py DIR --out /tmp/corpus-out --json corpus.json

It exits with 1 where there is a fault that no warning of the program announces.
"""

import argparse
import json
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.corpus_check.compare import differences
from benchmarks.corpus_check.findings import DELIBERATE, KINDS, Fault, explained
from benchmarks.corpus_check.readers import read
from benchmarks.corpus_check.run import Item, changed, digests, enhance
from benchmarks.corpus_check.tags import tag_faults


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found of a whole folder.

    Attributes:
        items: What the program said of each image.
        faults: All that differs, announced or not.
        unread: Originals that the independent readers could not read.
        seconds: Of the run.
    """

    items: tuple[Item, ...]
    faults: tuple[Fault, ...]
    unread: tuple[str, ...]
    seconds: float


def check(
    folder: Path, out: Path, options: Sequence[str] = (), *, timeout: float = 3600, workers: int = 1
) -> Outcome:
    """Runs the program over a folder and compares everything.

    Args:
        folder: Originals.
        out: Folder for results; not there yet, or empty.
        options: More options of `lle enhance`.
        timeout: Seconds for the run.
        workers: Processes that compare.
    """
    before = digests(folder)
    run = enhance(folder, out, options, timeout)
    faults = [*run.faults, *changed(before, digests(folder))]
    found, unread = compare_all([item for item in run.items if _is_comparable(item)], workers)
    return Outcome(run.items, (*faults, *found), unread, run.seconds)


def _is_comparable(item: Item) -> bool:
    return item.status == "failed" or (item.target is not None and item.target.is_file())


def compare_all(items: Sequence[Item], workers: int) -> tuple[list[Fault], tuple[str, ...]]:
    """Faults of all results and refusals, and originals of results that could not be compared.

    Args:
        items: Those that have a result, and those that failed.
        workers: Processes that compare.
    """
    if workers > 1:
        with ProcessPoolExecutor(workers, get_context("spawn"), mute) as pool:
            compared = list(pool.map(compare, items, chunksize=8))
    else:
        compared = [compare(item) for item in items]
    faults = [fault for found in compared for fault in found or ()]
    unread = [str(item.source) for item, found in zip(items, compared, strict=True) if found is None]
    pairs = [(item.source, item.target) for item in items if item.target is not None]
    codes = {str(item.source): item.warnings for item in items}
    faults += [explained(fault, codes[fault.file]) for fault in tag_faults(pairs)]
    return faults, tuple(unread)


def mute() -> None:
    """Leaves stderr to the table: libraries have much to say about damage."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def compare(item: Item) -> list[Fault] | None:
    """Faults of one result or refusal; None where the original of a result cannot be read."""
    with warnings.catch_warnings(action="ignore"):  # of the readers, about damage
        try:
            original = read(item.source)
        except Exception:  # whatever a reader of some format raises
            return None if item.target else []
        if item.target is None:
            text = f"{item.code}: {item.message}; but a reader of {original.format} opens it"
            return [Fault("refused", str(item.source), text, item.code in DELIBERATE)]
        try:
            result = read(item.target)
        except Exception as error:
            return [Fault("unreadable", str(item.source), f"the result: {type(error).__name__}: {error}")]
    found = differences(str(item.source), original, result)
    return [explained(fault, item.warnings) for fault in found]


def table(outcome: Outcome) -> str:
    """Rows by the end of names: files by outcome, then files by kind of fault; ``+N`` were announced."""
    kinds = [kind for kind in KINDS if any(fault.kind == kind for fault in outcome.faults)]
    heads = ("format", "images", "ok", "failed", "unread", *kinds)
    ends = sorted({_end(str(item.source)) for item in outcome.items})
    rows = [_row(outcome, end, kinds) for end in ends] if len(ends) > 1 else []
    rows.append(_row(outcome, None, kinds))
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) if not index else text.rjust(width)
                  for index, (text, width) in enumerate(zip(row, widths, strict=True)))
        for row in (heads, *rows)
    )  # fmt: skip


def _row(outcome: Outcome, end: str | None, kinds: Sequence[str]) -> tuple[str, ...]:
    items = [item for item in outcome.items if end is None or _end(str(item.source)) == end]
    counts = Counter(item.status for item in items)
    unread = sum(end is None or _end(name) == end for name in outcome.unread)
    cells = []
    for kind in kinds:
        faults = [fault for fault in outcome.faults if fault.kind == kind]
        chosen = {(fault.file, fault.warned) for fault in faults if end is None or _end(fault.file) == end}
        silent = sum(not warned for _, warned in chosen)
        cells.append((f"{silent}" + (f" +{len(chosen) - silent}" if silent < len(chosen) else "")) or "0")
    failed = counts["failed"] + counts["conflict"]
    return (end or "all", str(len(items)), str(counts["ok"]), str(failed), str(unread), *cells)


def _end(name: str) -> str:
    return Path(name).suffix.lower().removeprefix(".") or "none"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Everything that was found, for other programs."""
    silent = [fault for fault in outcome.faults if not fault.warned]
    return {
        "v": 1,
        "images": len(outcome.items),
        "outcomes": dict(Counter(item.status for item in outcome.items)),
        "failures": dict(Counter(item.code for item in outcome.items if item.code)),
        "faults": dict(Counter(fault.kind for fault in silent)),
        "warned": dict(Counter(fault.kind for fault in outcome.faults if fault.warned)),
        "unread": list(outcome.unread),
        "seconds": outcome.seconds,
        "details": [asdict(fault) for fault in outcome.faults],
    }


def main() -> None:
    """Checks a folder, prints the table, and names every fault that was not announced."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, help="keep the results here; a folder that is not there yet")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was found")
    parser.add_argument("--max-pixels", default="40M", help="of an image; larger ones are refused")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for the run")
    parser.add_argument("--workers", type=int, default=2, help="processes that compare")
    parser.add_argument("--show", type=int, default=20, metavar="N", help="faults of each kind to print")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        out = arguments.out or Path(place) / "out"
        if out.is_dir() and any(out.iterdir()):
            parser.error(f"{out} is not empty")
        options = ("--max-pixels", arguments.max_pixels)
        outcome = check(arguments.folder, out, options, timeout=arguments.timeout, workers=arguments.workers)
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(outcome), indent=1) + "\n")
    print(table(outcome))
    silent = [fault for fault in outcome.faults if not fault.warned]
    for kind in KINDS:
        for fault in [fault for fault in silent if fault.kind == kind][: arguments.show]:
            print(f"{kind}  {fault.file}  {fault.text}")
    sys.exit(bool(silent))


if __name__ == "__main__":
    main()
