"""Writes JPEG with OpenCV's encoder.

The files are those of Pillow's encoder, byte for byte: both use libjpeg-turbo with the same tables. But
OpenCV encodes in one call without Python's lock, where Pillow takes and releases it about twenty times.

A file of its own, because no other format is written with OpenCV.
"""

import cv2
import numpy as np

from lowlight_cli.images.codecs.prepare_output import Content
from lowlight_cli.images.metadata.jpeg_segments import with_profile
from lowlight_cli.images.settings import WriteSettings

_SUBSAMPLINGS = {
    "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "422": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
}


def write_jpeg_file(content: Content, settings: WriteSettings, source: str | None) -> bytes:
    """A JPEG.

    Args:
        content: One frame, gray or RGB.
        settings: Quality and subsampling.
        source: Subsampling of the input; None for another format.

    Raises:
        cv2.error: The encoder failed.
        ValueError: The profile is too large for JPEG.
    """
    wanted = source if settings.subsampling == "keep" else settings.subsampling
    (samples,) = content.samples
    is_gray = samples.shape[2] == 1
    pixels = np.ascontiguousarray(samples[..., 0]) if is_gray else cv2.cvtColor(samples, cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, settings.quality]
    options += [] if is_gray else [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _SUBSAMPLINGS[wanted or "444"]]
    _, encoded = cv2.imencode(".jpg", pixels, options)
    data = encoded.tobytes()
    return with_profile(data, content.icc) if content.icc else data
