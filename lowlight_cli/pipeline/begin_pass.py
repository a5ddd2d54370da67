"""Begins a pass on a GPU without waiting for its results, so that the next one can be prepared meanwhile.

Pixels cross the bus as they are in files, once in each direction and from pinned memory; conversion,
rounding and the check for values that are not finite run on the device. The host waits once per pass, when it
collects the results. All work is in one CUDA stream: copies take a few percent of the time of a pass, and
their order needs no further care. Passes of a shape that comes often are CUDA graphs, see ``pass_graphs``.
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
from lowlight_cli.images.picture import Pixels, Samples
from lowlight_cli.images.pixels import bits_of, rounded_rows, scaled_images
from lowlight_cli.pipeline.limits import padded_area
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.outcomes import Outcome, not_finite
from lowlight_cli.pipeline.pass_graphs import Computed, RecordedPass


def can_begin(runner: ModelRunner, pictures: Sequence[Samples]) -> bool:
    """Whether ``begin_pass`` takes these images: whole, of one size and depth, in one pass on a GPU.

    Args:
        runner: The model and how to run it.
        pictures: At least one image.
    """
    first = pictures[0]
    size = (*first.shape[:2], runner.enhancer.size_multiple, runner.enhancer.frame)
    return (
        runner.device.type == "cuda"
        and all(each.shape == first.shape and each.dtype == first.dtype for each in pictures)
        and not runner.limits.tile_side(*size)
        and len(pictures) <= runner.limits.count(*size)
    )


@torch.inference_mode()
def begin_pass(runner: ModelRunner, pictures: Sequence[Pixels]) -> Callable[[], Outcome]:
    """Queues one pass, and returns a function that waits for its results.

    The results are those of ``runner(pictures)``.

    Args:
        runner: The model and how to run it.
        pictures: Images of one size and depth that fit into a pass.

    Raises:
        RuntimeError: Memory ran out, or an operation failed; nothing is queued then.
    """
    is_deep = pictures[0].dtype == np.uint16
    stacked = _stacked(pictures, is_pinned=runner.device.type == "cuda")
    try:
        rows, flags = _queued(runner, stacked)
    except RuntimeError:
        runner.graphs.stop()  # their memory may be what was missing
        raise
    arrival = recorded_event(runner.device) if runner.device.type == "cuda" else None

    def collect() -> Outcome:
        if arrival is not None:
            arrival.synchronize()
        found = zip(rows.numpy(), flags.numpy(), pictures, strict=True)
        return [
            _copied(each, is_deep=is_deep) if is_finite else _again(runner, picture)
            for each, is_finite, picture in found
        ]

    return collect


def _queued(runner: ModelRunner, stacked: Tensor) -> Computed:
    """Results in pinned memory, which are complete when the stream has come this far."""
    device, clock, recorded = runner.device, runner.clock, _recorded(runner, stacked)
    with clock.timed_on(device, "copy_in"):
        if recorded is None:
            sent = stacked.to(device, non_blocking=True)
        else:
            recorded.pixels.copy_(stacked, non_blocking=True)
    with clock.timed_on(device, "model"):
        if recorded is None:
            with seeded(device, runner.params.seed):
                made = _computed(runner, sent)
        else:
            made = recorded.replay()
    with clock.timed_on(device, "copy_out"):
        return Computed(*map(copied_to_host, made))


def _recorded(runner: ModelRunner, stacked: Tensor) -> RecordedPass | None:
    """The graph of this pass; None if there is none, or if it would keep much of the memory."""
    count, height, width, _ = stacked.shape
    pixels = count * padded_area(height, width, runner.enhancer.size_multiple, runner.enhancer.frame)
    if pixels > runner.limits.pixels // 2:
        return None
    return runner.graphs.pass_for(stacked, runner.device, runner.precision, partial(_computed, runner))


def _computed(runner: ModelRunner, pixels: Tensor) -> Computed:
    """The pass on the device, from pixels to pixels."""
    _, height, width, _ = pixels.shape
    images = runner.framed(scaled_images(pixels))
    result = runner.unframed(runner.computed(images, None), height, width)
    rows = rounded_rows(result, sixteen_bit=pixels.dtype == torch.int16)
    return Computed(rows, torch.isfinite(result).flatten(1).all(1))


def _stacked(pictures: Sequence[Pixels], *, is_pinned: bool) -> Tensor:
    """Images as one tensor, uint8 or int16 (see ``bits_of``), (b, h, w, 3)."""
    first = bits_of(np.empty(pictures[0].shape, pictures[0].dtype))
    stack = torch.empty((len(pictures), *first.shape), dtype=first.dtype, pin_memory=is_pinned)
    # NumPy reads any strides, and arrays that must not be written.
    np.stack(pictures, out=stack.numpy().view(pictures[0].dtype))
    return stack


def _copied(rows: np.ndarray, *, is_deep: bool) -> Pixels:
    """Pixels in memory of their own: pinned memory is scarce, and results wait to be written."""
    rows = rows.copy()
    return rows.view(np.uint16) if is_deep else rows


def _again(runner: ModelRunner, picture: Pixels) -> Pixels | ImageError:
    """An image whose values were not finite, in float32."""
    return not_finite() if runner.precision == FP32 else runner([picture])[0]
