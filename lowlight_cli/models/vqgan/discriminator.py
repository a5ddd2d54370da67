"""U-Net discriminator with spectral normalization and a logit for every position.

Source: Wang et al., "Real-ESRGAN", 2021; with 64 features and 3 input channels 4,376,897 parameters.
"""

from torch import nn
from torch.nn.functional import interpolate, leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

from lowlight_cli.tensors import Features


def _normed(channels_in: int, channels_out: int, kernel: int, stride: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(channels_in, channels_out, kernel, stride, 1, bias=False))


def _enlarged(features: Features, like: Features) -> Features:
    return interpolate(features, like.shape[2:], mode="bilinear", align_corners=False)


class UnetDiscriminator(nn.Module):
    """Discriminates real from generated images, or latents, at each position.

    Args:
        channels_in: 3 for images, the code length for latents.
        width: Channels of the first layer.
    """

    def __init__(self, channels_in: int, width: int = 64) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(channels_in, width, 3, padding=1)
        self.conv1 = _normed(width, width * 2, 4, 2)
        self.conv2 = _normed(width * 2, width * 4, 4, 2)
        self.conv3 = _normed(width * 4, width * 8, 4, 2)
        self.conv4 = _normed(width * 8, width * 4, 3, 1)
        self.conv5 = _normed(width * 4, width * 2, 3, 1)
        self.conv6 = _normed(width * 2, width, 3, 1)
        self.conv7 = _normed(width, width, 3, 1)
        self.conv8 = _normed(width, width, 3, 1)
        self.conv9 = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, features: Features) -> Features:
        """Logits (b, 1, h, w), higher is more real; sides are at least 8."""
        x0 = leaky_relu(self.conv0(features), 0.2)
        x1 = leaky_relu(self.conv1(x0), 0.2)
        x2 = leaky_relu(self.conv2(x1), 0.2)
        x3 = leaky_relu(self.conv3(x2), 0.2)
        y = leaky_relu(self.conv4(_enlarged(x3, x2)), 0.2) + x2
        y = leaky_relu(self.conv5(_enlarged(y, x1)), 0.2) + x1
        y = leaky_relu(self.conv6(_enlarged(y, x0)), 0.2) + x0
        y = leaky_relu(self.conv8(leaky_relu(self.conv7(y), 0.2)), 0.2)
        return self.conv9(y)
