"""Crops and the small copies of the pictures around them."""

import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d

from lowlight_cli.datasets.config import MANY_NIGHTS, UNEVEN_NIGHTS, DarkeningSettings, Spread
from lowlight_cli.datasets.darken import darken
from lowlight_cli.layers.exposure import lift
from lowlight_cli.training.dark_views import dark_view
from lowlight_cli.training.data_sources import PairedPhoto, Sources
from lowlight_cli.training.enhancement_batch import Mix, enhancement_batch
from lowlight_cli.training.photos import Photo, random_crops
from lowlight_cli.training.recipes.codeenhance import CodeEnhanceRecipe
from lowlight_cli.training.rng import item_rng, item_rngs
from lowlight_cli.training.scenes import Cut, random_scene, second_generator, whole_scene
from lowlight_cli.training.settings import merged


def coded(height, width, channels=3):
    """A picture whose red says how far down and whose green how far across a pixel is."""
    down = torch.linspace(10, 240, height).view(1, -1, 1).expand(1, height, width)
    across = torch.linspace(10, 240, width).view(1, 1, -1).expand(1, height, width)
    planes = torch.cat([down, across, (down + across) / 2] * (channels // 3))
    return planes.round().to(torch.uint8)


def inside(view, place):
    """Mean of a small copy at a place, by drawing it at 16 times its size."""
    fine = view.repeat_interleave(16, 2).repeat_interleave(16, 3)
    top, left, tall, wide = (place[0] * 1024).round().int().tolist()
    return fine[..., top : top + tall, left : left + wide].mean((2, 3))


@pytest.mark.parametrize("size", [(300, 420), (150, 140), (700, 1300)])
def test_a_crop_lies_in_its_scene_where_its_place_says(size):
    pixels, seen = coded(*size), set()
    for place in range(40):
        item = item_rng(0, 0, place)
        crops = random_crops([Photo(pixels, None, 0.4)], [item], 96)
        scene = random_scene(crops.cuts[0], second_generator(item))
        top, left, tall, wide = scene.place[0].tolist()
        assert min(top, left) >= -1e-6
        assert max(top + tall, left + wide) <= 1 + 1e-6
        torch.testing.assert_close(
            inside(scene.small, scene.place), crops.images.mean((2, 3)), rtol=0, atol=0.012
        )
        seen.add(crops.cuts[0].mirrored)
    assert seen == {True, False}


def test_a_scene_is_at_least_55_percent_of_each_side_and_often_all():
    cut = Cut(coded(400, 500), 100, 150, 64, 64, mirrored=False)
    scenes = [random_scene(cut, item_rng(0, 0, place)) for place in range(200)]
    tall = torch.cat([64 / 400 / scene.place[:, 2] for scene in scenes])
    assert float(tall.min()) >= 0.549
    assert 0.3 < float((tall > 0.9999).float().mean()) < 0.5


def test_a_whole_scene_is_the_picture_shrunk_by_area():
    pixels = coded(200, 230)
    small = whole_scene(Cut(pixels, 0, 0, 64, 64, mirrored=True)).small
    assert torch.allclose(small.flip(3)[0], adaptive_avg_pool2d(pixels.float() / 255, 64), atol=1e-6)


def test_of_large_pictures_some_rows_stand_for_all():
    pixels = coded(1024, 900)
    small = whole_scene(Cut(pixels, 0, 0, 64, 64, mirrored=False)).small
    assert torch.allclose(small[0], adaptive_avg_pool2d(pixels.float() / 255, 64), atol=2 / 255)


def test_even_light_is_what_it_was():
    photos = [Photo(coded(200, 230), None, 0.4)]
    items = item_rngs(0, 0, range(4)).items
    view = dark_view(random_crops(photos, items, 64), MANY_NIGHTS, items)
    again = item_rngs(0, 0, range(4)).items
    crops = random_crops(photos, again, 64).images
    plain = torch.cat([darken(crops[i : i + 1], MANY_NIGHTS, item).images for i, item in enumerate(again)])
    assert torch.equal(view.images, plain)
    rest = [[float(torch.rand((), generator=item)) for item in both] for both in (items, again)]
    assert rest[0] == rest[1]


def test_a_gain_dims_photos_and_what_is_around_them_before_they_are_darkened():
    mix = Mix(4, 64, 0.0, 0.0, 0.0)
    clean = DarkeningSettings(clean_share=1.0)
    sources = Sources([Photo(coded(200, 230), None, 0.4)], [], clean)
    plain = enhancement_batch(sources, mix, item_rngs(0, 0, range(4)))
    dim = enhancement_batch(sources._replace(photo_gain=Spread(median=0.5)), mix, item_rngs(0, 0, range(4)))
    half = torch.full((4,), 0.5)
    torch.testing.assert_close(dim.bright, lift(plain.bright, half))
    assert torch.equal(dim.bright, dim.dark)  # a clean photo is its own target
    torch.testing.assert_close(dim.view, lift(plain.view, half))
    torch.testing.assert_close(dim.target, dim.bright)
    drawn = sources._replace(photo_gain=Spread(median=0.5, factor=1.5))
    varied = enhancement_batch(drawn, mix, item_rngs(0, 0, range(4)))
    means = varied.bright.mean((1, 2, 3)) / plain.bright.mean((1, 2, 3))
    assert means.std() > 0.02


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_gain_dims_photos_under_even_light_only(share):
    mix, settings = Mix(4, 64, 0.0, 0.0, 0.0), DarkeningSettings(uneven_share=share)
    sources = Sources([Photo(coded(200, 230), None, 0.4)], [], settings)
    plain = enhancement_batch(sources, mix, item_rngs(0, 0, range(4)))
    dim = enhancement_batch(sources._replace(photo_gain=Spread(median=0.5)), mix, item_rngs(0, 0, range(4)))
    gains = torch.full((4,), 1.0 if share else 0.5)
    torch.testing.assert_close(dim.bright, lift(plain.bright, gains))
    torch.testing.assert_close(dim.target, dim.bright)


def test_a_dark_crop_is_as_bright_as_its_view_at_its_place():
    photos = [Photo(coded(300, 260), None, 0.4)]
    items = item_rngs(0, 0, range(24)).items
    settings = DarkeningSettings(uneven_share=1.0)
    dark = dark_view(random_crops(photos, items, 96), settings, items)
    there = torch.cat(
        [inside(view, place) for view, place in zip(dark.view.split(1), dark.place.split(1), strict=True)]
    )
    crops = dark.images.mean((2, 3))
    assert ((there - crops).abs() < 0.03 + 0.1 * crops).all()
    assert crops.std() > 0.05
    torch.testing.assert_close(dark.lightness, (dark.view.mean((2, 3)) @ torch.tensor([0.299, 0.587, 0.114])))


def test_batches_carry_views_of_photos_and_of_whole_dark_pairs():
    pixels = torch.cat([coded(200, 230) // 9, coded(200, 230)])
    pairs = [PairedPhoto("a", pixels, 0.05, 0.4, has_color_cast=False)]
    sources = Sources([Photo(coded(200, 230), None, 0.4)], pairs, UNEVEN_NIGHTS)
    batch = enhancement_batch(sources, Mix(8, 64, 0.5, 0.0, 0.0), item_rngs(0, 0, range(8)))
    assert batch.view.shape == (8, 3, 64, 64)
    assert batch.place.shape == (8, 4)
    whole = adaptive_avg_pool2d(pixels[:3].float() / 255, 64)
    for view, place, dark in zip(batch.view[4:], batch.place[4:], batch.dark[4:], strict=True):
        assert torch.allclose(view, whole, atol=1e-6) or torch.allclose(view.flip(2), whole, atol=1e-6)
        torch.testing.assert_close(inside(view[None], place[None])[0], dark.mean((1, 2)), rtol=0, atol=0.004)


def test_shares_can_be_set_from_the_command_line():
    recipe = merged(
        CodeEnhanceRecipe, None, {}, ["darkening.uneven_share=0.6", "darkening.uneven.backlit_weight=5"]
    )
    assert recipe.darkening.uneven_share == 0.6
    assert recipe.darkening.uneven.backlit_weight == 5
    assert recipe.darkening.measured_share == MANY_NIGHTS.measured_share
