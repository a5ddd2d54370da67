"""Seconds of a run by stage. Every run measures them: each piece of work costs two readings of a clock.

On a CUDA device, stages are measured by events in its stream, so that measuring never waits for the device.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import torch

Stage = Literal["read", "wait_input", "copy_in", "model", "copy_out", "resize", "write", "wait_output"]


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """Seconds by stage.

    ``read`` and ``write`` are sums over threads that work side by side, and so may exceed the wall time. The
    others follow each other: on a CUDA device ``copy_in``, ``model`` and ``copy_out`` are seconds of that
    device, otherwise of the thread that runs the model.

    Attributes:
        read: Reading and decoding files.
        wait_input: Waiting for an image to be read.
        copy_in: Pixels of files to tensors on the device.
        model: The model; in passes that are begun ahead also the conversion of pixels on the device.
        copy_out: Tensors on the device to pixels of files.
        resize: With ``--detail fast`` or ``auto``: making small copies, and carrying results to full size.
        write: Encoding and writing files.
        wait_output: Waiting for results to be written.
    """

    read: float = 0.0
    wait_input: float = 0.0
    copy_in: float = 0.0
    model: float = 0.0
    copy_out: float = 0.0
    resize: float = 0.0
    write: float = 0.0
    wait_output: float = 0.0

    def __add__(self, other: "StageSeconds") -> "StageSeconds":
        """Seconds of two processes that work side by side, or one after the other."""
        names = [field.name for field in fields(self)]
        return StageSeconds(**{name: getattr(self, name) + getattr(other, name) for name in names})

    def __sub__(self, earlier: "StageSeconds") -> "StageSeconds":
        """Seconds since an earlier reading."""
        names = [field.name for field in fields(self)]
        return StageSeconds(**{name: getattr(self, name) - getattr(earlier, name) for name in names})


class _OnDevice(NamedTuple):
    """Work in the stream of a CUDA device, between two events."""

    stage: Stage
    begin: "torch.cuda.Event"
    end: "torch.cuda.Event"


class StageClock:
    """Adds up seconds by stage, in any number of threads."""

    def __init__(self) -> None:
        self._seconds: dict[Stage, float] = {}
        self._lock = threading.Lock()
        self._on_device: deque[_OnDevice] = deque()

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Context whose wall time counts for a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._add(stage, time.perf_counter() - start)

    @contextmanager
    def timed_on(self, device: "torch.device", stage: Stage) -> Iterator[None]:
        """Context whose work on a device counts for a stage; call it in one thread only.

        Args:
            device: Where the work is done; only for CUDA its own time is measured.
            stage: What it counts for.
        """
        if device.type != "cuda":
            with self.timed(stage):
                yield
            return
        from lowlight_cli.accelerators import recorded_event  # late: reports of runs are read without torch

        begin = recorded_event(device, has_time=True)
        yield  # an error leaves nothing to measure
        self._on_device.append(_OnDevice(stage, begin, recorded_event(device, has_time=True)))
        while self._on_device and self._on_device[0].end.query():
            self._settle_oldest()

    def seconds(self) -> StageSeconds:
        """Seconds so far; waits for work on a CUDA device that is not finished."""
        with suppress(RuntimeError):  # the device is lost, and its times with it
            while self._on_device:
                self._on_device[0].end.synchronize()
                self._settle_oldest()
        self._on_device.clear()
        with self._lock:
            return StageSeconds(**self._seconds)

    def _settle_oldest(self) -> None:
        oldest = self._on_device.popleft()
        self._add(oldest.stage, oldest.begin.elapsed_time(oldest.end) / 1e3)

    def _add(self, stage: Stage, seconds: float) -> None:
        with self._lock:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds
