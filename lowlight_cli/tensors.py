"""Names of the tensor shapes that cross module borders; checked in tests by jaxtyping and beartype."""

from jaxtyping import Float, Int
from torch import Tensor

Images = Float[Tensor, "b 3 h w"]
"""A batch of sRGB pictures, nominally in [0, 1]."""

Features = Float[Tensor, "b c h w"]
"""A batch of feature maps."""

CodeIndices = Int[Tensor, "b h w"]
"""Row of the codebook at each position."""

ClassMap = Int[Tensor, "b h w"]
"""Semantic class at each position."""

Scalar = Float[Tensor, ""]
"""A single number, a loss for example."""

PerImage = Float[Tensor, " b"]
"""One number for each picture of a batch."""
