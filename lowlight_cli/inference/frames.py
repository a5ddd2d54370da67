"""Pictures of one frame or many through the model."""

from collections.abc import Sequence

from lowlight_cli.errors import ImageError
from lowlight_cli.images.picture import Picture, Pixels
from lowlight_cli.inference.forward import Forward


def enhance_frames(pictures: Sequence[Picture], forward: Forward) -> list[Picture | ImageError]:
    """Enhances pictures of one padded size and one frame, or a single one with any frames.

    The frames of an animation are one scene and are treated alike, so that it does not flicker; pages are
    pictures of their own.

    Args:
        pictures: A batch.
        forward: The model and how to run it.
    """
    if len(pictures) == 1 and len(pictures[0].frames) > 1:
        return [_with_frames(pictures[0], forward)]
    outcomes = forward([picture.frames[0].seen for picture in pictures])
    return [
        outcome if isinstance(outcome, ImageError) else picture.with_pixels([outcome])
        for picture, outcome in zip(pictures, outcomes, strict=True)
    ]


def _with_frames(picture: Picture, forward: Forward) -> Picture | ImageError:
    """All frames, or what went wrong with the first that failed."""
    seen = [frame.seen for frame in picture.frames]
    if picture.restore.pages:
        outcomes = [forward([page])[0] for page in seen]
    else:
        outcomes = forward(seen, is_one_scene=True)
    results: list[Pixels] = []
    for outcome in outcomes:
        if isinstance(outcome, ImageError):
            return outcome
        results.append(outcome)
    return picture.with_pixels(results)
