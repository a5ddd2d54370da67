"""Applies the EXIF orientation to pixels.

Source: CIPA DC-008 (Exif 2.32), tag 274.
"""

import numpy as np

from lowlight_cli.images.picture import Samples


def turn_upright(rows: Samples, orientation: int) -> Samples:
    """Rotates and mirrors stored rows so that the image is upright.

    Args:
        rows: An array (h, w, ...).
        orientation: EXIF value 1 to 8; any other value changes nothing.
    """
    if orientation in (5, 6, 7, 8):
        rows = np.swapaxes(rows, 0, 1)
    if orientation in (2, 3, 6, 7):
        rows = rows[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rows = rows[::-1]
    return np.ascontiguousarray(rows)
