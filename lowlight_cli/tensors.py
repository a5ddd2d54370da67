"""Tensor types of module interfaces; tests check them with jaxtyping and beartype.

Rank, number of color channels and data type are checked. Sizes of axes with an underscore are not, as inputs
and outputs of a function often differ in size.
"""

from jaxtyping import Float, Int
from torch import Tensor

Images = Float[Tensor, "_b 3 _h _w"]
"""A batch of sRGB images, nominally in [0, 1]."""

Features = Float[Tensor, "_b _c _h _w"]
"""A batch of feature maps."""

CodeIndices = Int[Tensor, "_b _h _w"]
"""Index of the codebook entry at each position."""

ClassMap = Int[Tensor, "_b _h _w"]
"""Semantic class at each position."""

Scalar = Float[Tensor, ""]
"""A single number, such as a loss."""

GainMap = Float[Tensor, "_b 1 _h _w"]
"""One number for each pixel of a batch of images."""

Places = Float[Tensor, "_b 4"]
"""Positions of parts of images: top, left, height and width as fractions of the whole image."""

PerImage = Float[Tensor, " _b"]
"""One number for each image of a batch."""
