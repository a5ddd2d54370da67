"""Uneven light: a part has the light of the whole, clean pictures stay, shares and seeds hold."""

import pytest
import torch
from pydantic import ValidationError

from lowlight_cli.datasets import backlight, light_fields
from lowlight_cli.datasets.config import UNEVEN_NIGHTS, WIDE, DarkeningSettings, Spread, UnevenLight
from lowlight_cli.datasets.darken import as_jpeg, darken
from lowlight_cli.datasets.light_fields import Numbers, draw_field
from lowlight_cli.datasets.nights import (
    Night,
    coordinates,
    darken_whole,
    draw_light,
    draw_night,
    exposures,
    small_copy,
    taken,
    taken_small,
)

WHOLE = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
UNEVEN = DarkeningSettings(uneven_share=1.0)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def smooth_pictures(count, height, width, seed=0):
    nodes = torch.rand(count, 3, 5, 6, generator=seeded(seed))
    return torch.nn.functional.interpolate(nodes, (height, width), mode="bicubic").clamp(0, 1)


def test_a_part_has_exactly_the_light_of_the_whole():
    images = smooth_pictures(8, 64, 80)
    light = draw_light(UnevenLight(), small_copy(images), seeded(3))
    assert set(light.kind.flatten().tolist()) == {0.0, 1.0, 2.0}
    whole = exposures(light, images, WHOLE.expand(8, 4), UnevenLight())
    place = torch.tensor([[16 / 64, 8 / 80, 32 / 64, 40 / 80]]).expand(8, 4)
    part = exposures(light, images[..., 16:48, 8:48], place, UnevenLight())
    torch.testing.assert_close(part, whole[..., 16:48, 8:48], rtol=1e-3, atol=0)
    assert (whole.amax((1, 2, 3)) / whole.amin((1, 2, 3)) > 1.5).all()


def test_one_picture_has_the_light_that_it_has_in_a_batch():
    images = smooth_pictures(12, 24, 20)
    light = draw_light(UnevenLight(), small_copy(images), seeded(3))
    place = WHOLE.expand(12, 4)
    batch = exposures(light, images, place, UnevenLight())
    for number in range(12):
        one = select(light, number)
        alone = exposures(one, images[number : number + 1], WHOLE, UnevenLight())
        torch.testing.assert_close(alone[0], batch[number])


def select(value, number):
    """One picture of a tree of named tuples."""
    if isinstance(value, tuple):
        return type(value)(*(select(part, number) for part in value))
    return value[number : number + 1]


def test_clean_pictures_are_as_they_were():
    images = smooth_pictures(3, 20, 30)
    assert torch.equal(darken_whole(images, DarkeningSettings(clean_share=1.0), seeded(0)), images)
    night = Night(None, None)
    small = small_copy(images)
    assert torch.equal(taken_small(night, small, UNEVEN, seeded(0), pixels=torch.ones(1, 1, 1, 1)), small)


def test_shares_hold_over_many_draws():
    small, generator = smooth_pictures(1, 64, 64), seeded(1)
    nights = [draw_night(UNEVEN_NIGHTS, small, generator) for _ in range(400)]
    clean = sum(night.conditions is None for night in nights) / 400
    kinds = [int(night.light.kind) for night in nights if night.light is not None]
    assert clean == pytest.approx(0.15, abs=0.05)
    assert len(kinds) / 400 == pytest.approx(0.6, abs=0.07)
    shares = [kinds.count(kind) / len(kinds) for kind in range(3)]
    assert shares == pytest.approx([26 / 66, 26 / 66, 14 / 66], abs=0.09)


def test_without_shares_nothing_but_the_conditions_is_drawn():
    images = smooth_pictures(1, 40, 40)
    settings = DarkeningSettings()
    plain = darken(images, settings, seeded(5)).images
    assert torch.equal(darken_whole(images, settings, seeded(5)), plain)


def test_seed_decides_and_the_global_seed_does_not():
    images = smooth_pictures(4, 40, 40)
    first = darken_whole(images, UNEVEN_NIGHTS, seeded(5))
    torch.manual_seed(99)
    assert torch.equal(darken_whole(images, UNEVEN_NIGHTS, seeded(5)), first)
    assert not torch.equal(darken_whole(images, UNEVEN_NIGHTS, seeded(6)), first)


@pytest.mark.parametrize("settings", [DarkeningSettings(jpeg_share=0.0), UNEVEN], ids=["even", "uneven"])
def test_the_small_copy_is_the_whole_dark_picture_shrunk(settings):
    for seed in range(12):
        image = smooth_pictures(1, 512, 640, seed)
        small = small_copy(image)
        night = draw_night(settings, small, seeded(seed))
        shrunk = small_copy(taken(night, image, WHOLE, settings, seeded(seed)))
        made = taken_small(night, small, settings, seeded(seed), pixels=torch.full((1, 1, 1, 1), 80.0))
        scale = shrunk.mean().clamp_min(1 / 255)
        assert (made - shrunk).mean().abs() < 0.05 * scale + 0.5 / 255
        assert (made - shrunk).abs().mean() < 0.1 * scale + 1 / 255


def test_the_small_copy_has_the_noise_of_a_mean():
    flat = torch.full((1, 3, 512, 512), 0.6)
    camera = WIDE.model_copy(update={"blotch": Spread(median=1.0), "grain": Spread(median=0.2)})
    settings = DarkeningSettings(measured=camera, wide=camera, jpeg_share=0.0)
    night = draw_night(settings, small_copy(flat), seeded(2))
    shrunk = small_copy(taken(night, flat, WHOLE, settings, seeded(2)))
    pixels = torch.full((1, 1, 1, 1), 64.0)
    made = taken_small(night, small_copy(flat), settings, seeded(2), pixels=pixels)
    assert float(made.std() / shrunk.std()) == pytest.approx(1, abs=0.12)


def test_what_is_lit_is_not_burnt_out():
    images = smooth_pictures(1, 64, 64)
    seen = 0
    for seed in range(60):
        night = draw_night(UNEVEN, images, seeded(seed))
        seen += float(night.light.kept) > 0.9
        assert float(night.conditions.headroom * night.light.kept) <= 1 + 1e-5
    assert seen > 2


def test_deep_pictures_go_through_jpeg():
    deep = UnevenLight(smooth_depth=(6.0, 6.0), backlit_depth=(6.0, 6.0), dim_share=1.0, dim=(0.02, 0.02))
    deep = deep.model_copy(update={"deep_jpeg_share": 1.0, "deep_jpeg_quality": (40, 40)})
    image = smooth_pictures(1, 64, 64)
    settings = DarkeningSettings(uneven_share=1.0, uneven=deep, jpeg_share=0.0)
    never = settings.model_copy(update={"uneven": deep.model_copy(update={"deep_jpeg_share": 0.0})})
    plain = darken_whole(image, never, seeded(4))
    assert torch.equal(darken_whole(image, settings, seeded(4))[0], as_jpeg(plain[0], 40))


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_fields_lie_between_no_darkness_and_their_depth(kind):
    numbers = Numbers(64, light_fields.NUMBERS, seeded(kind))
    field = draw_field(UnevenLight(), numbers)._replace(kind=torch.full((64, 1, 1), float(kind)))
    stops = light_fields.stops_of(field, *coordinates(WHOLE.expand(64, 4), 32, 32))
    assert (stops >= -1e-4).all()
    assert (stops <= field.depth + 1e-3).all()
    assert (stops.amax((1, 2)) - stops.amin((1, 2))).mean() > 0.8


def test_the_guided_filter_is_that_of_its_definition():
    luma = torch.rand(1, 16, 16, generator=seeded(0))
    slope, offset = backlight.guided(luma, torch.full((1, 1, 1), 2.0), torch.full((1, 1, 1), 0.01))

    def window(values, y, x):
        return values[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]

    slopes, offsets = torch.empty(16, 16), torch.empty(16, 16)
    for y in range(16):
        for x in range(16):
            near = window(luma[0], y, x)
            variance = near.var(correction=0)
            slopes[y, x] = variance / (variance + 0.01)
            offsets[y, x] = near.mean() * (1 - slopes[y, x])
    for y, x in ((0, 0), (3, 15), (8, 8)):
        torch.testing.assert_close(slope[0, y, x], window(slopes, y, x).mean())
        torch.testing.assert_close(offset[0, y, x], window(offsets, y, x).mean())


def test_shares_and_weights_that_make_no_sense_are_refused():
    with pytest.raises(ValidationError, match="sum to more than 1"):
        DarkeningSettings(clean_share=0.5, uneven_share=0.6)
    with pytest.raises(ValidationError, match="all weights"):
        UnevenLight(smooth_weight=0, backlit_weight=0, both_weight=0)
