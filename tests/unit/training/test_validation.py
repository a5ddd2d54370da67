"""The part of a held-out picture that is looked at."""

import pytest
import torch

from lowlight_cli.training.validation import middle

PIXELS = torch.arange(3 * 21 * 13).view(3, 21, 13)


@pytest.mark.parametrize(
    ("side", "multiple", "rows", "columns"),
    [
        (None, 1, slice(0, 21), slice(0, 13)),
        (None, 8, slice(2, 18), slice(2, 10)),
        (15, 1, slice(3, 18), slice(0, 13)),
        (15, 8, slice(6, 14), slice(2, 10)),
        (99, 1, slice(0, 21), slice(0, 13)),
    ],
)
def test_the_middle_is_as_far_from_one_edge_as_from_the_other(side, multiple, rows, columns):
    assert torch.equal(middle(PIXELS, side, multiple=multiple), PIXELS[:, rows, columns])
