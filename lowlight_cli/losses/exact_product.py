"""A matrix product that no precision switch reaches, for losses that subtract squares."""

from torch import Tensor


def exact_product(left: Tensor, right: Tensor) -> Tensor:
    """The product in float64, which neither TF32 nor autocast rounds, forwards or backwards.

    Args:
        left: (..., n, k), of any floating-point type.
        right: (..., k, m).

    Returns:
        (..., n, m) in float64: subtract first, round afterwards.
    """
    return left.double() @ right.double()
