"""Semantic loss of a codebook: codes have to predict features of a classification network.

Source: Chen et al., "Real-World Blind Super-Resolution via Feature Matching with Implicit High-Resolution
Priors", 2022, sec. 3.1, reused by the HQ phase of VQCNIR and by stage I of GLARE. The weights of VGG19 do
not ship: ``lowlight_cli/checkpoints/load_lpips.py`` reads them from disk.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, relu

from lowlight_cli.tensors import Features, Images, Scalar

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4))
"""Channels and convolutions of each block of VGG19. Source: Simonyan and Zisserman, 2015, configuration E."""

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


class SemanticGuide(nn.Module):
    """Squared difference between features predicted from codes by a learned layer and those of VGG19.

    The features are those after the last ReLU of the block with the resolution of the codes: relu3_4 for
    codes at a quarter of the size, relu4_4 at an eighth. Only ``head`` is trained; it is not needed after
    training.

    Args:
        code_channels: Channels of a code.
        downscale: Pixels per code along a side: 1, 2, 4 or 8.

    Attributes:
        vgg: Frozen convolutions, named as in torchvision's ``features``.
        head: Layer that predicts features from codes.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, code_channels: int, downscale: int) -> None:
        super().__init__()
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        blocks = BLOCKS[: downscale.bit_length()]
        layers: list[nn.Module] = []
        channels = 3
        for index, (width, count) in enumerate(blocks):
            if index:
                layers.append(nn.MaxPool2d(2))
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
        self.vgg = nn.Sequential(*layers).eval().requires_grad_(requires_grad=False)
        self.head = nn.Conv2d(code_channels, channels, 1)

    def forward(self, codes: Features, images: Images) -> Scalar:
        """Mean squared difference.

        Args:
            codes: Quantized latents, (b, c, h, w); gradients flow through them.
            images: The encoded images, sRGB in [0, 1], (b, 3, downscale h, downscale w).
        """
        with torch.no_grad():
            seen = self.vgg((images - self.mean) / self.deviation)
        return mse_loss(relu(self.head(codes)), seen)
