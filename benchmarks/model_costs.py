"""Seconds and memory to enhance one picture, each model in a process of its own.

Processor seconds are told beside seconds, since they count less on a machine that others use, too. Memory is
the highest resident memory of the process, with what Python and torch hold by themselves.

    python benchmarks/model_costs.py --machine laptop codeenhance lw-drgn drgn
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from timing import measure, write_result

ROOT = Path(__file__).parents[1]
IN_KILOBYTES = 1024
"""What Linux counts memory in."""


def main() -> None:
    """Measures every model that was named, and writes the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", help="names; NAME:PRESET for a size without weights")
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--size", default="600x400", help="width x height")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(cost(arguments)))
        return
    cases = {model: _in_a_process(model, arguments) for model in arguments.models}
    for model, case in cases.items():
        cpu, memory = case["processor_median_s"], case["peak_mib"] - case["start_mib"]
        print(f"{model:20} {case['median_s']:.2f} s  {cpu:.2f} processor-s  {memory:.0f} MiB above the start")
    print(write_result("model-costs", "cpu", arguments.machine, cases))


def _in_a_process(model: str, arguments: argparse.Namespace) -> dict[str, Any]:
    words = [sys.executable, __file__, "--alone", model, "--size", arguments.size]
    words += ["--threads", str(arguments.threads), "--repeats", str(arguments.repeats)]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def cost(arguments: argparse.Namespace) -> dict[str, Any]:
    """What one picture costs; weights do not matter, so they are drawn at random."""
    import torch

    from lowlight_cli.images.padding import pad_to_multiple
    from lowlight_cli.models.catalog import MODELS
    from lowlight_cli.models.controls import Controls

    torch.set_num_threads(arguments.threads)
    name, _, preset = arguments.models[0].partition(":")
    entry = MODELS[name]
    model = entry.build(entry.presets[preset or entry.default_preset]).eval()
    model = model.to(memory_format=torch.channels_last)
    width, height = map(int, arguments.size.split("x"))
    images = pad_to_multiple(0.1 * torch.rand(1, 3, height, width), model.size_multiple)
    images = images.contiguous(memory_format=torch.channels_last)
    start_mib, processor = _peak_mib(), []

    def enhance() -> None:
        begin = time.process_time()
        with torch.inference_mode():
            model.enhance(images, Controls())
        processor.append(time.process_time() - begin)

    result = measure(enhance, warm_up=1, repeats=arguments.repeats)
    counted = sorted(processor[1:])
    return result | {
        "processor_median_s": counted[len(counted) // 2],
        "start_mib": start_mib,
        "peak_mib": _peak_mib(),
        "size": arguments.size,
        "threads": arguments.threads,
    }


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * IN_KILOBYTES / 2**20


if __name__ == "__main__":
    main()
