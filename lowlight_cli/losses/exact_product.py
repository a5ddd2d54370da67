"""A matrix product in float64, for losses that subtract squares."""

from torch import Tensor


def exact_product(left: Tensor, right: Tensor) -> Tensor:
    """The product in float64, unaffected by TF32 and autocast, forwards and backwards.

    Args:
        left: (..., n, k), of any floating-point type.
        right: (..., k, m).

    Returns:
        (..., n, m) in float64; subtract before rounding.
    """
    return left.double() @ right.double()
