"""What a GPU does with this program, in four minutes: speed of each part, tests, agreement, training.

The result is written after each case, so that a run which is cut off loses little; the tables come last.

    python benchmarks/gpu_check.py
    python benchmarks/gpu_check.py --quick          # on a CPU, in half a minute: shows that everything runs
    python benchmarks/gpu_check.py ceilings model   # some sections only

Where the package is not installed: PYTHONPATH=. before it.

The file of a whole run belongs into benchmarks/results; `make performance` puts it into docs/performance.md.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from gpu.agreement import pass_sizes, short_memory
from gpu.baseline import baseline
from gpu.ceilings import ceilings
from gpu.check import Bench, Result, Section, run_sections
from gpu.clock import Clock
from gpu.files import file_to_file, several_processes
from gpu.launches import launches
from gpu.models import large_images, model_alone, other_presets
from gpu.sizes import FULL, QUICK, Sizes
from gpu.suite import gpu_tests
from gpu.tables import as_markdown
from gpu.training import training_speed
from timing import FOLDER, machine_facts

from lowlight_cli.accelerators import make_default
from lowlight_cli.device import choose_device

ROOT = Path(__file__).resolve().parents[1]

SECTIONS = (
    Section("ceilings", ceilings),
    Section("model", model_alone),
    Section("baseline", baseline),
    Section("files", file_to_file),
    Section("tests", gpu_tests),
    Section("passes", pass_sizes),
    Section("memory", short_memory),
    Section("training", training_speed),
    Section("large", large_images),
    Section("launches", launches),
    Section("presets", other_presets),
    Section("processes", several_processes, is_extra=True),
)
"""In the order of importance, as far as one does not warm up for another."""


def main() -> None:
    """Runs the sections, writes the result and prints it as tables."""
    arguments = _parse()
    device = choose_device(arguments.device)
    make_default(device)
    sizes = QUICK if arguments.quick else FULL
    if arguments.quick:
        torch.set_num_threads(1)  # so little is computed that threads would wait for each other
    suite = f"gpu-check{'-quick' if arguments.quick else ''}{'-part' if arguments.sections else ''}"
    name = arguments.machine or _slug(device)
    path = arguments.out / f"{suite}--{name}--{device.type}.json"
    result = Result(path, suite, _facts(device, sizes))
    with tempfile.TemporaryDirectory(prefix="lle-gpu-check-") as place:
        bench = Bench(Clock(device, sizes.at_least_s), sizes, Path(place), ROOT)
        run_sections(_chosen(arguments.sections), bench, result, lambda line: print(line, flush=True))
    print(as_markdown(result.content))
    print(path)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections", nargs="*", help="only these; all but processes if none is named", metavar="SECTION"
    )
    parser.add_argument("--quick", action="store_true", help="little of everything; says nothing of speed")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--machine", help="short name for the result file; else that of the GPU or processor")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the result file")
    return parser.parse_args()


def _chosen(names: list[str]) -> tuple[Section, ...]:
    """Sections by name; the first, which makes the photos, always."""
    known = {section.name for section in SECTIONS}
    if unknown := sorted(set(names) - known):
        sys.exit(f"unknown section {unknown[0]}; known: {', '.join(sorted(known))}")
    wanted = names or [section.name for section in SECTIONS if not section.is_extra]
    return tuple(each for each in SECTIONS if each.name in wanted or each is SECTIONS[0])


def _facts(device: torch.device, sizes: Sizes) -> dict[str, Any]:
    facts: dict[str, Any] = {"device": device.type, "threads": torch.get_num_threads()}
    sides = {"image": sizes.image, "photo": sizes.photo, "large": sizes.large}
    facts["sizes"] = {name: f"{width}x{height}" for name, (height, width) in sides.items()}
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts |= {
            "gpu": properties.name,
            "gpu_memory_gib": properties.total_memory / 2**30,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    return facts


def _slug(device: torch.device) -> str:
    is_cuda = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if is_cuda else machine_facts()["processor"]
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unnamed"


if __name__ == "__main__":
    main()
