"""Names of the tensor shapes that cross module borders; checked in tests by jaxtyping and beartype.

Ranks, channels of pictures and kinds of numbers are checked. Axes with an underscore are names only: what a
function takes and what it gives often differ in size.
"""

from jaxtyping import Float, Int
from torch import Tensor

Images = Float[Tensor, "_b 3 _h _w"]
"""A batch of sRGB pictures, nominally in [0, 1]."""

Features = Float[Tensor, "_b _c _h _w"]
"""A batch of feature maps."""

CodeIndices = Int[Tensor, "_b _h _w"]
"""Row of the codebook at each position."""

ClassMap = Int[Tensor, "_b _h _w"]
"""Semantic class at each position."""

Scalar = Float[Tensor, ""]
"""A single number, a loss for example."""

GainMap = Float[Tensor, "_b 1 _h _w"]
"""One number for each pixel of a batch of pictures."""

Places = Float[Tensor, "_b 4"]
"""Where parts of pictures lie: top, left, height and width in shares of the whole picture."""

PerImage = Float[Tensor, " _b"]
"""One number for each picture of a batch."""
