"""Averages the numbers of a step over the parts in which its batch is computed."""

from collections.abc import Mapping

from torch import Tensor

from lowlight_cli.tensors import Scalar


class PartMeans:
    """Collects the numbers of the parts of one batch, without gradients and without waiting for a GPU."""

    def __init__(self) -> None:
        self._sums: dict[str, float | Scalar] = {}
        self._parts = 0

    def add(self, values: Mapping[str, float | Scalar]) -> None:
        """Adds the numbers of one part.

        Args:
            values: Numbers by name; a tensor is a scalar.
        """
        for name, value in values.items():
            number = value.detach() if isinstance(value, Tensor) else value
            self._sums[name] = self._sums[name] + number if name in self._sums else number
        self._parts += 1

    def means(self) -> dict[str, float | Scalar]:
        """Means over the parts by name; a number that a part lacks counts as zero there.

        With one part these are its numbers.
        """
        if self._parts <= 1:
            return dict(self._sums)
        return {name: total / self._parts for name, total in self._sums.items()}
