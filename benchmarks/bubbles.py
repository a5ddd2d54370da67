"""How much of its rate the batch engine reaches where reading, model and writing only sleep.

The engine is the real one, with its threads, queues and records; decoding, passes, encoding and confirming
by the disk take a fixed time without a processor. So this shows where stages wait for each other, on any
machine; it says nothing of their own speed.

    python benchmarks/bubbles.py --readers 4 14 --in-a-pass 32
    python benchmarks/bubbles.py --photos 24 --megapixels 12 --read-ms 260 --model-ms 80 --write-ms 80
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from PIL import Image

from lowlight_cli.device import FP32
from lowlight_cli.images.decode import peek_pixels
from lowlight_cli.images.picture import Picture, Pixels, still
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.engine import run_plan
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.plan import Plan, plan_jobs
from lowlight_cli.pipeline.report import Report
from lowlight_cli.pipeline.resume import ResumeState
from lowlight_cli.pipeline.run_log import RunInfo, RunLog

_INFO = RunInfo(run="bubbles", version="", model="identity", preset=None, checkpoint_sha256=None)


class VirtualDevice:
    """Makes one pass after the other, in the order in which they are begun, while the caller goes on.

    Args:
        seconds: For each image.
        copy_s: Seconds in which the caller copies an image, in each direction.
    """

    def __init__(self, seconds: float, copy_s: float) -> None:
        self._seconds = seconds
        self._copy_s = copy_s
        self._free_at = 0.0

    def begin(self, runner: ModelRunner, pictures: Sequence[Pixels]) -> Callable[[], list[Pixels]]:
        """Stands for ``begin_pass``."""
        del runner
        time.sleep(self._copy_s * len(pictures))
        self._free_at = max(self._free_at, time.perf_counter()) + self._seconds * len(pictures)
        ready_at = self._free_at

        def collect() -> list[Pixels]:
            time.sleep(max(0.0, ready_at - time.perf_counter()))
            time.sleep(self._copy_s * len(pictures))
            return list(pictures)

        return collect


def main() -> None:
    """Prints a line for each number of readers and each size of a pass."""
    arguments = _parse()
    print("readers  in a pass  photos/s  ideal  share  seconds by stage, and of the processor")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        folder.mkdir()
        for number in range(arguments.photos):
            Image.new("RGB", (8, 8)).save(folder / f"{number:05}.jpg")
        for readers in arguments.readers:
            for count in arguments.in_a_pass:
                _measure(folder, readers, count, arguments)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=2048)
    parser.add_argument("--readers", type=int, nargs="+", default=[4, 8, 14])
    parser.add_argument("--in-a-pass", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--passes-ahead", type=int, default=2)
    parser.add_argument("--megapixels", type=float, default=0.24, help="of each photo")
    parser.add_argument("--read-ms", type=float, default=6.0)
    parser.add_argument("--model-ms", type=float, default=1.0)
    parser.add_argument("--write-ms", type=float, default=8.0)
    parser.add_argument("--sync-ms", type=float, default=2.0, help="for each call of fsync for records")
    parser.add_argument("--copy-ms", type=float, default=0.1, help="for each photo in each direction")
    return parser.parse_args()


def _measure(folder: Path, readers: int, count: int, arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as place, _sleeping(arguments):
        plan = plan_jobs([folder], f"{place}/out/")
        (plan.folder / ".lle").mkdir(parents=True)
        processor = time.process_time()
        report = _run(plan, readers, count, arguments.passes_ahead)
        processor = time.process_time() - processor
    ideal, rate = _ideal(readers, arguments), arguments.photos / report.seconds
    stages = {name: getattr(report.stages, name) for name in ("read", "wait_input", "write", "wait_output")}
    spent = ", ".join(f"{name} {seconds:.2f}" for name, seconds in stages.items())
    print(
        f"{readers:7} {count:10} {rate:9.1f} {ideal:6.1f} {rate / ideal:6.0%}  in all {report.seconds:.2f},",
        f"{spent}, processor {processor:.2f}",
    )


def _ideal(readers: int, arguments: argparse.Namespace) -> float:
    """Photos per second if the slowest stage never waits, but for the first photo and the last."""
    once = arguments.read_ms, arguments.model_ms, arguments.write_ms
    each = arguments.read_ms / readers, arguments.model_ms, arguments.write_ms / (2 * readers)
    slowest = each.index(max(each))
    ends = sum(once) - once[slowest]
    return float(1000 * arguments.photos / (each[slowest] * arguments.photos + ends))


def _run(plan: Plan, readers: int, count: int, passes_ahead: int) -> Report:
    runner = ModelRunner(
        Identity(), EnhanceParams(Controls()), Limits(2**25), device=torch.device("cpu"), precision=FP32
    )
    config = PipelineConfig(
        batch_size=count,
        batch_pixels=8 * 2**20,
        passes_ahead=passes_ahead,
        workers=readers,
        measured=frozenset(),
    )
    log = RunLog(plan, ResumeState())
    log.begin(_INFO)
    return run_plan(plan, runner, config, on_row=log.record, before_write=log.before_write)


@contextmanager
def _sleeping(arguments: argparse.Namespace) -> Iterator[None]:
    """Context in which all stages but the engine itself sleep."""
    side = round((arguments.megapixels * 1e6) ** 0.5)
    device = VirtualDevice(arguments.model_ms / 1e3, arguments.copy_ms / 1e3)
    pixels = np.broadcast_to(np.uint8(9), (side, side, 3))

    def decode(*_: object) -> Picture:
        time.sleep(arguments.read_ms / 1e3)
        return still(pixels)

    def encode(*_: object) -> bytes:
        time.sleep(arguments.write_ms / 1e3)
        return b"result"

    def sync(_: int) -> None:
        time.sleep(arguments.sync_ms / 1e3)

    def peek(path: Path, data: bytes | None = None) -> int:
        return peek_pixels(path, data) and side**2

    with ExitStack() as stack:
        for target, double in (
            ("decode_ahead.decode", decode),
            ("decode_ahead.peek_pixels", peek),
            ("encode_behind.encode_bytes", encode),
            ("encode_behind.replace_file", lambda *_, **__: None),
            ("frames.can_begin", lambda *_: True),
            ("frames.begin_pass", device.begin),
        ):
            stack.enter_context(mock.patch(f"lowlight_cli.pipeline.{target}", double))
        stack.enter_context(mock.patch.object(os, "fsync", sync))
        yield


if __name__ == "__main__":
    main()
