"""Layer normalization over the channels of each position.

Source: Ba et al., "Layer Normalization", 2016; over channels as in Chen et al., "NAFNet", 2022.
"""

from torch import nn
from torch.nn.functional import layer_norm

from lowlight_cli.tensors import Features


class ChannelNorm(nn.LayerNorm):
    """Normalizes the channels of each position to mean 0 and variance 1, then applies a gain and an offset.

    Args:
        channels: Channels of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, features: Features) -> Features:
        """Normalized features of the same shape."""
        last = layer_norm(features.movedim(1, -1), self.normalized_shape, self.weight, self.bias, self.eps)
        return last.movedim(-1, 1)
