"""Converts between 8 and 16 bits per channel."""

from dataclasses import replace

import cv2
import numpy as np

from lowlight_cli.images.picture import Picture, Samples


def in_depth(samples: Samples, depth: type[np.uint8] | type[np.uint16]) -> Samples:
    """Samples in another depth, rounded; 255 and 65535 are white.

    Args:
        samples: uint8 or uint16, of any shape.
        depth: Type of the result.
    """
    if samples.dtype == depth:
        return samples
    if depth is np.uint16:
        return samples.astype(np.uint16) * np.uint16(257)
    return cv2.convertScaleAbs(samples, alpha=1 / 257).reshape(samples.shape)


def widened(picture: Picture) -> Picture:
    """The image with 16 bits per channel, so that results keep more than 8; opacity is unchanged."""
    return replace(
        picture,
        frames=tuple(
            frame
            if frame.pixels.dtype == np.uint16
            else replace(frame, pixels=in_depth(frame.pixels, np.uint16), widened=True)
            for frame in picture.frames
        ),
    )
