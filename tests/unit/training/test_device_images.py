"""Crops and small copies from one flat tensor are those that are cut and shrunk one by one."""

import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from lowlight_cli.datasets.light_fields import Numbers
from lowlight_cli.training.device_images import (
    DeviceImages,
    Parts,
    Squares,
    draw_items,
    draw_parts,
    draw_squares,
    drawn_from,
    place_in,
)
from lowlight_cli.training.photos import Photo
from lowlight_cli.training.pool import Origin, Pool

CPU = torch.device("cpu")
SIDE = 64


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def smooth(height, width, seed=0, channels=3):
    nodes = torch.rand(1, channels, height // 24 + 2, width // 24 + 2, generator=seeded(seed))
    image = interpolate(nodes, (height, width), mode="bicubic")[0]
    return (image.clamp(0, 1) * 255).round().to(torch.uint8)


IMAGES = [smooth(100, 130, 1), smooth(601, 517, 2), smooth(90, 900, 3)]


def square(image, top, left, span, mirrored=False):
    return Squares(*(torch.tensor([value]) for value in (image, top, left, span, mirrored)))


@pytest.mark.parametrize("span", [64, 65, 90, 100, 127])
def test_a_crop_is_that_of_interpolate(span):
    made = DeviceImages(IMAGES, CPU, SIDE).crops(square(1, 33, 20, span))
    part = IMAGES[1][None, :, 33 : 33 + span, 20 : 20 + span].float() / 255
    expected = interpolate(part, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
    torch.testing.assert_close(made, expected, rtol=0, atol=1e-5)
    if span == SIDE:
        assert torch.equal(made, part)


@pytest.mark.parametrize("span", [128, 200, 333, 517])
def test_a_large_crop_is_nearly_that_of_interpolate(span):
    made = DeviceImages(IMAGES, CPU, SIDE).crops(square(1, 33, 0, span))
    part = IMAGES[1][None, :, 33 : 33 + span, :span].float() / 255
    expected = interpolate(part, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
    assert (made - expected).abs().mean() < 0.006
    assert (made - expected).mean().abs() < 0.001


def test_a_mirrored_crop_is_mirrored():
    images = DeviceImages(IMAGES, CPU, SIDE)
    plain, turned = (images.crops(square(0, 3, 5, 80, mirrored)) for mirrored in (False, True))
    assert torch.equal(turned, plain.flip(3))


@pytest.mark.parametrize(
    ("image", "part"),
    [(0, (0, 0, 100, 130)), (1, (10, 20, 448, 320)), (1, (0, 0, 601, 517)), (2, (5, 300, 80, 160))],
)
def test_a_small_copy_is_a_mean_over_cells(image, part):
    top, left, height, width = part
    made = DeviceImages(IMAGES, CPU, SIDE).small(
        torch.tensor([image]), Parts(*(torch.tensor([each]) for each in part))
    )
    whole = IMAGES[image][None, :, top : top + height, left : left + width].float() / 255
    fine = whole.repeat_interleave(8, 2).repeat_interleave(8, 3)
    expected = adaptive_avg_pool2d(fine, 64)
    assert (made - expected).abs().max() < 0.02
    assert (made - expected).abs().mean() < 0.004


def test_squares_lie_in_their_images_and_in_their_parts():
    images = DeviceImages(IMAGES, CPU, SIDE)
    image = torch.randint(3, (500,), generator=seeded(1))
    squares = draw_squares(images, image, SIDE, Numbers(500, 5, seeded(2)), plain=0.5, power=2.0)
    height, width = images.size(image)
    assert (squares.top >= 0).all()
    assert (squares.left >= 0).all()
    assert (squares.top + squares.span <= height).all()
    assert (squares.left + squares.span <= width).all()
    assert float((squares.span == SIDE).float().mean()) == pytest.approx(0.5, abs=0.1)
    parts = draw_parts(images, squares, Numbers(500, 5, seeded(3)))
    place = place_in(squares, parts)
    assert (place[:, :2] >= -1e-6).all()
    assert (place[:, :2] + place[:, 2:] <= 1 + 1e-6).all()
    assert (parts.height >= 0.549 * height).all()
    assert (parts.top + parts.height <= height).all()
    assert (parts.left + parts.width <= width).all()


def test_weights_of_sources_count():
    photos = Pool(
        [Photo(IMAGES[0], None, 0.4, Origin(0, 0.7)), *[Photo(IMAGES[0], None, 0.4, Origin(1, None))] * 3]
    )
    drawn = draw_items(drawn_from(photos, CPU), 3000, seeded(0))
    shares = torch.bincount(drawn, minlength=4) / 3000
    assert shares.tolist() == pytest.approx([0.7, 0.1, 0.1, 0.1], abs=0.04)
