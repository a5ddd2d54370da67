"""Begins a pass on a GPU without waiting for its results, so that the next one can be prepared meanwhile.

Pixels cross the bus as they are in files, once in each direction and from pinned memory; conversion,
rounding and the check for values that are not finite run on the device. The host waits once per pass, when it
collects the results. All work is in one CUDA stream: copies take a few percent of the time of a pass, and
their order needs no further care. Images of several sizes that are padded to one cross the bus padded, so
that they are one pass, too. Passes of a shape that comes often are CUDA graphs, see ``pass_graphs``.
Weights are cast to 16 bits again in each pass, which takes 3 % of one of eight images.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lowlight_cli.accelerators import copied_to_host, recorded_event
from lowlight_cli.device import FP32, seeded
from lowlight_cli.errors import ImageError
from lowlight_cli.images.padding import padded_side
from lowlight_cli.images.picture import Samples
from lowlight_cli.images.pixels import rounded_rows, scaled_images
from lowlight_cli.pipeline.limits import padded_area
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.outcomes import Outcome, not_finite
from lowlight_cli.pipeline.pass_graphs import Computed, RecordedPass
from lowlight_cli.pipeline.stacked import Stack, stacked

_SHARED_BYTES = 2**25
"""Results of a pass that are written from pinned memory, as that of a GPU's default pass of small images."""


def can_begin(runner: ModelRunner, pictures: Sequence[Samples]) -> bool:
    """Whether ``begin_pass`` takes these images: whole, of one padded size and depth, on a GPU.

    Args:
        runner: The model and how to run it.
        pictures: At least one image.
    """
    kinds = {(*_padded_size(runner, each), each.dtype) for each in pictures}
    return (
        runner.device.type == "cuda"
        and len(kinds) == 1
        and not runner.limits.tile_side(*runner.size_of(pictures[0]))
    )


def images_in_pass(runner: ModelRunner, picture: Samples) -> int:
    """How many images of the padded size of this one fit into a pass.

    Args:
        runner: The model and how to run it.
        picture: An image.
    """
    return runner.limits.count(*runner.size_of(picture))


@torch.inference_mode()
def begin_pass(runner: ModelRunner, pictures: Sequence[Samples]) -> Callable[[], Outcome]:
    """Queues one pass, and returns a function that waits for its results.

    The results are those of ``runner(pictures)``.

    Args:
        runner: The model and how to run it.
        pictures: Images of one padded size and depth that fit into a pass.

    Raises:
        RuntimeError: Memory ran out, or an operation failed; nothing is queued then.
    """
    is_deep, is_cuda = pictures[0].dtype == np.uint16, runner.device.type == "cuda"
    stack = stacked(pictures, *_padding(runner), is_pinned=is_cuda)
    try:
        rows, flags = _queued(runner, stack)
    except RuntimeError:
        runner.graphs.stop()  # their memory may be what was missing
        raise
    arrival = recorded_event(runner.device, is_waited_for=True) if is_cuda else None
    frame = runner.enhancer.frame if stack.is_framed else 0

    def collect() -> Outcome:
        if arrival is not None:
            arrival.synchronize()
        # Pinned memory is scarce, and results wait to be written: large ones get memory of their own.
        made = rows.numpy() if is_cuda and rows.nbytes <= _SHARED_BYTES else rows.numpy().copy()
        made = made.view(np.uint16) if is_deep else made
        found = zip(made, flags.tolist(), pictures, strict=True)
        return [
            _inside(each, picture, frame) if is_finite else _again(runner, picture)
            for each, is_finite, picture in found
        ]

    return collect


def _padded_size(runner: ModelRunner, picture: Samples) -> tuple[int, int]:
    height, width, multiple, frame = runner.size_of(picture)
    return padded_side(height, multiple, frame), padded_side(width, multiple, frame)


def _padding(runner: ModelRunner) -> tuple[int, int]:
    """The multiple of padded sides, and the frame."""
    return runner.enhancer.size_multiple, runner.enhancer.frame


def _queued(runner: ModelRunner, stack: Stack) -> Computed:
    """Results in pinned memory, which are complete when the stream has come this far."""
    device, clock, recorded = runner.device, runner.clock, _recorded(runner, stack)
    with clock.timed_on(device, "copy_in"):
        if recorded is None:
            sent = stack.pixels.to(device, non_blocking=True)
        else:
            recorded.pixels.copy_(stack.pixels, non_blocking=True)
    with clock.timed_on(device, "model"):
        if recorded is None:
            with seeded(device, runner.params.seed):
                made = _computed(runner, sent, is_framed=stack.is_framed)
        else:
            made = recorded.replay()
    with clock.timed_on(device, "copy_out"):
        return Computed(*map(copied_to_host, made))


def _recorded(runner: ModelRunner, stack: Stack) -> RecordedPass | None:
    """The graph of this pass; None if there is none, or if it would keep much of the memory."""
    count, height, width, _ = stack.pixels.shape
    area = height * width if stack.is_framed else padded_area(height, width, *_padding(runner))
    if count * area > runner.limits.pixels // 2:
        return None
    compute = partial(_computed, runner, is_framed=stack.is_framed)
    return runner.graphs.pass_for(stack, runner.device, runner.precision, compute)


def _computed(runner: ModelRunner, pixels: Tensor, *, is_framed: bool) -> Computed:
    """The pass on the device, from pixels to pixels."""
    _, height, width, _ = pixels.shape
    images = scaled_images(pixels)
    result = runner.computed(images if is_framed else runner.framed(images), None)
    if not is_framed:
        result = runner.unframed(result, height, width)
    rows = rounded_rows(result, sixteen_bit=pixels.dtype == torch.int16)
    return Computed(rows, torch.isfinite(result).flatten(1).all(1))


def _inside(rows: np.ndarray, picture: Samples, frame: int) -> np.ndarray:
    """The part of a result that shows the image: all of it, or without what the host padded it by."""
    height, width = picture.shape[:2]
    return rows[frame : frame + height, frame : frame + width]


def _again(runner: ModelRunner, picture: Samples) -> Samples | ImageError:
    """An image whose values were not finite, in float32."""
    return not_finite() if runner.precision == FP32 else runner([picture])[0]
