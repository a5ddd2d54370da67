"""Mixing of channels by a matrix, and its way back."""

import torch
from torch import nn

from lowlight_cli.layers.coupling import InvertibleMixing


class Rollback(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mixing = InvertibleMixing(6)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.mixing.invert(features)


def operations(model: nn.Module, features: torch.Tensor) -> str:
    return str(torch.export.export(model, (features,)).graph)


def test_a_settled_inverse_is_the_inverse_and_no_part_of_a_graph() -> None:
    model, features = Rollback().eval(), torch.randn(2, 6, 4, 5)
    with torch.no_grad():
        before = model(features)
        assert "linalg" in operations(model, features)
        model.mixing.settle()
        torch.testing.assert_close(model(features), before)
        torch.testing.assert_close(model(model.mixing(features).features), features)
        assert "linalg" not in operations(model, features)
    assert list(model.state_dict()) == ["mixing.weight"]
