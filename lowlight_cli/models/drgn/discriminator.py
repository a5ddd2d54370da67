"""Discriminators of real and generated dark images and degradations; for training only.

Source: Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a GAN", 2017, figure 4; the
DRGN paper does not describe its discriminator.
"""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from lowlight_cli.tensors import Images

SLOPE = 0.2
POOLED_SIDE = 6
HIDDEN = 1024


class DegradationCritic(nn.Module):
    """Eight convolutions that halve the size four times, then one logit for each image.

    Args:
        width: Channels of the first layer; 64 as in SRGAN, with 512 in the last.
        pooled: Use the mean over the image in place of the two large layers, and spectral normalization in
            place of batch normalization.
    """

    def __init__(self, width: int = 64, *, pooled: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.LeakyReLU(SLOPE)]
        last = width
        for factor, stride in ((1, 2), (2, 1), (2, 2), (4, 1), (4, 2), (8, 1), (8, 2)):
            layers += _layer(last, factor * width, stride, spectral=pooled)
            last = factor * width
        self.features = nn.Sequential(*layers)
        self.verdict = _mean_verdict(last) if pooled else _full_verdict(last, HIDDEN * width // 64)

    def forward(self, images: Images) -> Tensor:
        """Logits (b, 1); higher is more real.

        Args:
            images: Images or degradations in the generators' numbers, of any size from 16x16.
        """
        return self.verdict(self.features(images))


def _layer(channels_in: int, channels_out: int, stride: int, *, spectral: bool) -> list[nn.Module]:
    conv = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=spectral)
    if spectral:
        return [spectral_norm(conv), nn.LeakyReLU(SLOPE)]
    return [conv, nn.BatchNorm2d(channels_out), nn.LeakyReLU(SLOPE)]


def _full_verdict(channels: int, hidden: int) -> nn.Module:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(POOLED_SIDE),
        nn.Flatten(),
        nn.Linear(channels * POOLED_SIDE**2, hidden),
        nn.LeakyReLU(SLOPE),
        nn.Linear(hidden, 1),
    )


def _mean_verdict(channels: int) -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, 1, 1), nn.Flatten())
