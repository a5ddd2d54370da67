"""The JPEG of a batch is that of a codec but for rounding."""

import pytest
import torch

from lowlight_cli.datasets.darken import as_jpeg
from lowlight_cli.datasets.jpeg import Jpeg


def image(seed=0):
    generator = torch.Generator().manual_seed(seed)
    nodes = torch.rand(1, 3, 12, 16, generator=generator)
    smooth = torch.nn.functional.interpolate(nodes, (96, 128), mode="bicubic").clamp(0, 1)
    noisy = smooth + 0.03 * torch.randn(smooth.shape, generator=generator)
    return (noisy.clamp(0, 1) * 255).round() / 255


def psnr(one, other):
    return float(-10 * (one - other).square().mean().log10())


@pytest.mark.parametrize("quality", [40, 60, 80, 95])
def test_it_is_that_of_libjpeg(quality):
    made = Jpeg(torch.device("cpu"))(image(), torch.tensor([float(quality)]))
    stored = as_jpeg(image()[0], quality)[None]
    assert psnr(made, stored) > 40
    assert psnr(made, stored) > psnr(image(), stored) + 6


def test_each_image_has_its_own_quality():
    images = torch.cat([image(0), image(1)])
    codec = Jpeg(torch.device("cpu"))
    both = codec(images, torch.tensor([40.0, 90.0]))
    alone = [codec(images[i : i + 1], torch.tensor([quality])) for i, quality in ((0, 40.0), (1, 90.0))]
    assert torch.equal(both, torch.cat(alone))
    steps = both * 255
    torch.testing.assert_close(steps, steps.round(), rtol=0, atol=1e-3)
