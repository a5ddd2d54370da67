"""EXIF orientation: which way up a photo was taken, applied to pixels.

Source: CIPA DC-008 (Exif 2.32), tag 274.
"""

import numpy as np

from lowlight_cli.images.picture import Samples


def turn_upright(rows: Samples, orientation: int) -> Samples:
    """Turns and mirrors stored rows so that the picture stands upright.

    Args:
        rows: Height and width first; further axes stay as they are.
        orientation: EXIF value 1 to 8; any other value leaves the picture as it is.
    """
    if orientation in (5, 6, 7, 8):
        rows = np.swapaxes(rows, 0, 1)
    if orientation in (2, 3, 6, 7):
        rows = rows[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rows = rows[::-1]
    return np.ascontiguousarray(rows)
