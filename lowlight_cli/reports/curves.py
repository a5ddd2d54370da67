"""Numbers -> outlines for drawings in pages."""

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 256, 80
"""Units of a drawing across and down."""


def area_path(shares: Sequence[float], peak: float) -> str:
    """Outline of a histogram, as the ``d`` of an SVG path; closed along the bottom.

    Heights grow with the square root of the shares: a dark picture has most of its pixels in a few steps, and
    the others would not be seen beside them.

    Args:
        shares: Of each step, from dark to bright.
        peak: The share that reaches the top.
    """
    step = WIDTH / len(shares)
    tops = [HEIGHT * (1 - math.sqrt(min(share / peak, 1) if peak > 0 else 0)) for share in shares]
    points = [f"{step * i:g} {top:.1f}H{step * (i + 1):g}" for i, top in enumerate(tops)]
    return f"M0 {HEIGHT}V{tops[0]:.1f}L{'L'.join(points)}V{HEIGHT}Z"
