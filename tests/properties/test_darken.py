"""What must hold for any darkened picture."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lowlight_cli.datasets.config import Camera, DarkeningSettings, Spread
from lowlight_cli.datasets.darken import darken

TINY = 1e-12


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def quiet(exposure: float) -> DarkeningSettings:
    """One exposure, and no noise, cast, pedestal, curve or JPEG."""
    nothing, one = Spread(median=TINY), Spread(median=1.0)
    camera = Camera(
        exposure=Spread(median=exposure),
        headroom=one,
        cast=one,
        shot=nothing,
        read=nothing,
        speckle=nothing,
        grain=nothing,
        blotch=nothing,
        pedestal=nothing,
        contrast=one,
    )
    return DarkeningSettings(measured=camera, wide=camera, jpeg_share=0.0)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 20), width=st.integers(1, 20), seed=st.integers(0, 999), jpeg=st.booleans())
def test_any_picture_gives_eight_bit_values_of_its_size(
    height: int, width: int, seed: int, jpeg: bool
) -> None:
    images = torch.rand(2, 3, height, width, generator=seeded(seed))
    dark, exposures = darken(images, DarkeningSettings(jpeg_share=float(jpeg)), seeded(seed))
    assert dark.shape == images.shape
    assert dark.dtype == images.dtype
    assert ((dark >= 0) & (dark <= 1)).all()
    torch.testing.assert_close(dark * 255, (dark * 255).round(), rtol=0, atol=1e-3)
    assert ((exposures > 0) & (exposures < 1)).all()


@settings(max_examples=20, deadline=None)
@given(exposure=st.floats(0.01, 0.4), seed=st.integers(0, 99))
def test_more_exposure_gives_more_light_on_average(exposure: float, seed: int) -> None:
    images = torch.rand(1, 3, 8, 8, generator=seeded(seed))
    less = darken(images, quiet(exposure), seeded(0)).images
    more = darken(images, quiet(exposure * 1.5), seeded(0)).images
    assert more.mean() > less.mean()
    assert less.mean() < images.mean()


def test_middle_gray_keeps_exactly_its_exposure() -> None:
    gray = torch.full((1, 3, 4, 4), 0.46135613)  # 0.18 in linear light
    dark = darken(gray, quiet(0.1), seeded(0)).images
    expected = 1.055 * 0.018 ** (1 / 2.4) - 0.055
    torch.testing.assert_close(dark, torch.full_like(dark, expected), rtol=0, atol=0.5 / 255 + 1e-6)


def test_one_seed_gives_one_result_whatever_the_global_seed() -> None:
    images = torch.rand(3, 3, 16, 16, generator=seeded(1))
    torch.manual_seed(1)
    first = darken(images, DarkeningSettings(), seeded(7))
    torch.manual_seed(2)
    second = darken(images, DarkeningSettings(), seeded(7))
    other = darken(images, DarkeningSettings(), seeded(8))
    assert torch.equal(first.images, second.images)
    assert torch.equal(first.exposures, second.exposures)
    assert not torch.equal(first.images, other.images)


def test_global_chance_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    darken(torch.rand(2, 3, 8, 8, generator=seeded(0)), DarkeningSettings(jpeg_share=1.0), seeded(0))
    assert torch.equal(before, torch.random.get_rng_state())


def test_pictures_of_a_batch_draw_conditions_of_their_own() -> None:
    twins = torch.full((2, 3, 16, 16), 0.5)
    dark, exposures = darken(twins, DarkeningSettings(), seeded(3))
    assert exposures[0] != exposures[1]
    assert not torch.equal(dark[0], dark[1])


def test_input_stays_as_it_was() -> None:
    images = torch.rand(2, 3, 8, 8, generator=seeded(0))
    copy = images.clone()
    darken(images, DarkeningSettings(jpeg_share=1.0), seeded(0))
    assert torch.equal(images, copy)


def test_one_picture_is_darkened_as_a_batch_of_one() -> None:
    image = torch.rand(3, 12, 9, generator=seeded(0))
    alone = darken(image, DarkeningSettings(), seeded(5))
    batch = darken(image[None], DarkeningSettings(), seeded(5))
    assert torch.equal(alone.images, batch.images[0])
    assert alone.exposures == batch.exposures[0]


def test_noise_has_the_grain_and_strength_that_were_set() -> None:
    images = torch.full((1, 3, 256, 256), 0.5)
    camera = quiet(0.5).wide.model_copy(
        update={"read": Spread(median=0.02), "grain": Spread(median=0.15), "pedestal": Spread(median=0.2)}
    )
    settings_ = DarkeningSettings(
        measured=camera, wide=camera, jpeg_share=0.0, noise_tint=(1, 1, 1), pedestal_tint=(1, 1, 1)
    )
    dark = darken(images, settings_, seeded(0)).images[0]
    light = ((dark + 0.055) / 1.055) ** 2.4
    rest = light - light.mean((1, 2), keepdim=True)
    neighbors = (rest[:, 1:] * rest[:, :-1]).mean() / rest.pow(2).mean()
    torch.testing.assert_close(rest.std((1, 2)), torch.full((3,), 0.02), rtol=0.05, atol=0)
    torch.testing.assert_close(neighbors, torch.tensor(2 * 0.15 / (1 + 2 * 0.15**2)), rtol=0.1, atol=0)
