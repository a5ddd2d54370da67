"""Records the device's part of a pass as a CUDA graph, and replays it for later passes of the same shape.

A pass has hundreds of small kernels, and after launching each of them the thread has to get Python's lock
back from the threads that read and write. A graph launches them all at once.

Recorded are shapes that come again and again. Graphs share their memory, so they have to be replayed in one
stream, and what one has computed must be copied, in that stream, before the next one is replayed.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from lowlight_cli.device import Precision
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.device_errors import MEMORY_ERRORS
from lowlight_cli.pipeline.stacked import Stack

Made = TypeVar("Made")

FIRST_PASSES = 2
"""Passes of a shape before it is recorded; twice as many each time that its graph was dropped."""

MOST_GRAPHS = 4


class Computed(NamedTuple):
    """What a pass gives: pixels as ``rounded_rows`` gives them, and whether all of each image is finite."""

    rows: Tensor
    are_finite: Tensor


class RecordedPass(NamedTuple):
    """A pass of one shape.

    Attributes:
        pixels: Where to copy the input, on the device.
        replay: Queues the pass, and returns where its results will be until the next replay of any pass.
    """

    pixels: Tensor
    replay: Callable[[], Computed]


@runtime_checkable
class Recorder(Protocol):
    """Makes work repeatable."""

    def record(self, work: Callable[[], Made]) -> Callable[[], Made]:
        """Runs work, and returns a function that runs it again on the same memory.

        Args:
            work: Reads and writes memory of the device only; draws no random numbers.

        Raises:
            RuntimeError: The work cannot be recorded, or memory ran out.
        """
        ...


class PassGraphs:
    """The recorded passes of one runner, the least recently used first.

    Args:
        recorder: Records passes; None records none.
    """

    def __init__(self, recorder: Recorder | None) -> None:
        self._recorder = recorder
        self._passes: OrderedDict[tuple[object, ...], RecordedPass] = OrderedDict()
        self._seen: Counter[tuple[object, ...]] = Counter()
        self._dropped: Counter[tuple[object, ...]] = Counter()

    def pass_for(
        self,
        stack: Stack,
        device: torch.device,
        precision: Precision,
        compute: Callable[[Tensor], Computed],
    ) -> RecordedPass | None:
        """The recorded pass for inputs of a shape; None if it is to run without a graph.

        Nothing is recorded any more after a recording that failed.

        Args:
            stack: The input.
            device: Where passes run.
            precision: Number format of this pass.
            compute: Computes a pass from its input on the device.
        """
        if self._recorder is None:
            return None
        key = (precision, *stack.pixels.shape, stack.pixels.dtype, stack.is_framed)
        if key in self._passes:
            self._passes.move_to_end(key)
            return self._passes[key]
        self._seen[key] += 1
        if self._seen[key] <= FIRST_PASSES * 2 ** self._dropped[key]:
            return None
        self._make_room()
        try:
            there = stack.pixels.to(device, copy=True)
            replay = self._recorder.record(lambda: compute(there))
        except MEMORY_ERRORS:
            self.stop()
            return None
        self._passes[key] = RecordedPass(there, replay)
        return self._passes[key]

    def stop(self) -> bool:
        """Drops all graphs, and records none from now on; returns whether there were any."""
        had_graphs = bool(self._passes)
        self._passes.clear()
        self._recorder = None
        return had_graphs

    def _make_room(self) -> None:
        while len(self._passes) >= MOST_GRAPHS:
            key, _ = self._passes.popitem(last=False)
            self._seen[key] = 0
            self._dropped[key] += 1


class CudaRecorder:
    """Records work of one thread as CUDA graphs that share their memory.

    Args:
        device: A CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: torch.cuda.Stream | None = None
        self._pool: Any = None  # PyTorch does not export its type

    def record(self, work: Callable[[], Made]) -> Callable[[], Made]:
        """As ``Recorder.record``; waits for the device."""
        with torch.cuda.device(self._device):
            before = torch.cuda.current_stream(self._device)
            stream = self._stream = self._stream or torch.cuda.Stream(self._device)
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            stream.wait_stream(before)
            with torch.cuda.stream(stream):
                work()  # libraries allocate their workspaces for this stream, outside of the graph
            before.wait_stream(stream)
            try:
                return self._recorded(work, stream)
            except MEMORY_ERRORS:
                with suppress(RuntimeError):
                    self._end_recording(stream)
                torch.cuda.set_stream(before)  # older versions of PyTorch leave that of the recording
                raise

    def _recorded(self, work: Callable[[], Made], stream: torch.cuda.Stream) -> Callable[[], Made]:
        graph = torch.cuda.CUDAGraph()
        # Threads that read and write do not use the device; another one of the process may.
        with torch.cuda.graph(graph, self._pool, stream, capture_error_mode="thread_local"):
            made = work()

        def replay() -> Made:
            graph.replay()
            return made

        return replay

    def _end_recording(self, stream: torch.cuda.Stream) -> None:
        """Records something that cannot fail.

        After a recording that failed, PyTorch's random numbers raise "Offset increment outside graph capture"
        until another one succeeds.
        """
        number = torch.zeros(1, device=self._device)
        with torch.cuda.graph(torch.cuda.CUDAGraph(), stream=stream, capture_error_mode="thread_local"):
            number.add_(1)


def graphs_for(enhancer: Enhancer, device: torch.device) -> PassGraphs:
    """Graphs of the passes of a model with one set of parameters; none if it cannot be recorded.

    Args:
        enhancer: The model.
        device: Where it is.
    """
    is_recordable = device.type == "cuda" and enhancer.is_recordable
    return PassGraphs(CudaRecorder(device) if is_recordable else None)
