"""Enhances batches of images, including animations and pages, and isolates the images that fail."""

import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress

import torch

from lowlight_cli.device import FP32
from lowlight_cli.errors import ImageError, LowlightError, UnexpectedImageError
from lowlight_cli.images.picture import Picture, Pixels, Samples
from lowlight_cli.pipeline.begin_pass import begin_pass, can_begin, images_in_pass
from lowlight_cli.pipeline.device_errors import DeviceLostError, is_lost, is_shortage
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.outcomes import Outcome
from lowlight_cli.pipeline.reduced_size import is_reduced, run_at_detail

Finish = Callable[[], list[Picture | ImageError]]
"""Waits for the results of a batch; raises ``DeviceLostError`` as ``enhance_batch`` does."""


def begin_batch(pictures: Sequence[Picture], runner: ModelRunner) -> Finish:
    """Begins to enhance images, on a GPU without waiting; the results are those of ``enhance_batch``.

    Args:
        pictures: Images of one padded size.
        runner: The model and how to run it.

    Raises:
        DeviceLostError: The device can no longer be used.
    """
    inputs = [picture.frames[0].model_input for picture in pictures]
    collect = _begun(pictures, inputs, runner)
    if collect is None:
        results = enhance_batch(pictures, runner)
        return lambda: results

    def finish() -> list[Picture | ImageError]:
        try:
            return _with_outcomes(pictures, collect())
        except Exception:  # the batch is computed again, step by step
            return enhance_batch(pictures, runner)

    return finish


def _begun(
    pictures: Sequence[Picture], inputs: Sequence[Samples], runner: ModelRunner
) -> Callable[[], Outcome] | None:
    """Passes that were begun; None for images that cannot be begun, or a pass that failed at once.

    There are several if a pass holds fewer images than a batch since memory ran out.
    """
    if any(len(picture.frames) > 1 for picture in pictures) or is_reduced(runner, inputs[0]):
        return None
    if runner.params.remove_shake is not None:
        return None
    if not can_begin(runner, inputs):
        return None
    count = images_in_pass(runner, inputs[0])
    parts = [inputs[first : first + count] for first in range(0, len(inputs), count)]
    with suppress(Exception):  # computed again, step by step
        begun = [begin_pass(runner, part) for part in parts]
        return lambda: [outcome for collect in begun for outcome in collect()]
    return None


def enhance_batch(pictures: Sequence[Picture], runner: ModelRunner) -> list[Picture | ImageError]:
    """Enhances images like ``enhance_frames``; exceptions of the model become errors of single images.

    After an unexpected exception, each image is computed again alone in float32; one that fails again is an
    ``ImageError``, with the code ``internal`` if the cause is a bug.

    Args:
        pictures: Images of one padded size.
        runner: The model and how to run it.

    Raises:
        DeviceLostError: The device can no longer be used.
    """
    try:
        return enhance_frames(pictures, runner)
    except LowlightError:
        raise
    except Exception as error:
        if len(pictures) == 1 and runner.precision == FP32:
            return [image_error_of(error, runner.device)]
        reason = str(image_error_of(error, runner.device))
    runner.warnings.warn_once(
        "failed batch", f"{reason}; the images of such a batch are computed alone in fp32"
    )
    return [_retry_alone(picture, runner.in_float32()) for picture in pictures]


def _retry_alone(picture: Picture, runner: ModelRunner) -> Picture | ImageError:
    try:
        return enhance_frames([picture], runner)[0]
    except LowlightError:
        raise
    except Exception as error:
        return image_error_of(error, runner.device)


def image_error_of(error: Exception, device: torch.device) -> ImageError:
    """What an exception means for the image that was computed.

    Args:
        error: What was raised; its frames are cleared.
        device: Where the image was computed.

    Raises:
        DeviceLostError: The device no longer works.
    """
    if is_lost(device):
        raise DeviceLostError(f"{device} can no longer be used: {_first_line(error)}") from error
    traceback.clear_frames(error.__traceback__)  # they hold the tensors of the failed pass
    if is_shortage(error):
        return ImageError("oom", f"not enough memory: {_first_line(error)}")
    return UnexpectedImageError(error)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def enhance_frames(pictures: Sequence[Picture], runner: ModelRunner) -> list[Picture | ImageError]:
    """Enhances images with one frame each, or one image with several frames.

    The frames of an animation share one observation, so that it does not flicker; pages are enhanced
    separately.

    Args:
        pictures: Images of one padded size.
        runner: The model and how to run it.
    """
    if len(pictures) == 1 and len(pictures[0].frames) > 1:
        return [_with_frames(pictures[0], runner)]
    outcomes = _enhanced(runner, [picture.frames[0].model_input for picture in pictures])
    return _with_outcomes(pictures, outcomes)


def _enhanced(runner: ModelRunner, inputs: Sequence[Samples], *, is_one_scene: bool = False) -> Outcome:
    """Results of the model at full or reduced size, without the blur of a shaken camera if asked for."""
    outcomes = run_at_detail(runner, inputs, is_one_scene=is_one_scene)
    remove_shake = runner.params.remove_shake
    if remove_shake is None:
        return outcomes
    with runner.clock.timed("model"):
        return [
            outcome if isinstance(outcome, ImageError) else remove_shake(pixels, outcome)
            for pixels, outcome in zip(inputs, outcomes, strict=True)
        ]


def _with_outcomes(pictures: Sequence[Picture], outcomes: Outcome) -> list[Picture | ImageError]:
    return [
        outcome if isinstance(outcome, ImageError) else picture.with_pixels([outcome])
        for picture, outcome in zip(pictures, outcomes, strict=True)
    ]


def _with_frames(picture: Picture, runner: ModelRunner) -> Picture | ImageError:
    """The image with all frames enhanced, or the error of the first frame that failed."""
    frames = [frame.model_input for frame in picture.frames]
    if picture.restore.pages:
        outcomes = [_enhanced(runner, [page])[0] for page in frames]
    else:
        outcomes = _enhanced(runner, frames, is_one_scene=True)
    results: list[Pixels] = []
    for outcome in outcomes:
        if isinstance(outcome, ImageError):
            return outcome
        results.append(outcome)
    return picture.with_pixels(results)
