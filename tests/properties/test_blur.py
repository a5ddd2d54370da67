"""Properties of any camera movement and of images blurred by it."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.datasets.blur import (
    Movement,
    curved_path,
    draw_movement,
    kernel_of,
    moved,
    shake_path,
    shaken,
)
from lowlight_cli.datasets.config import BLURRED_NIGHTS, BlurSettings, DarkeningSettings
from lowlight_cli.datasets.darken import (
    darken,
    draw_conditions,
    light_of_white,
    photograph_again,
    to_linear,
    to_srgb,
)
from lowlight_cli.datasets.nights import Night, small_copy, taken_small
from tests.properties.test_darken import quiet, seeded

ALWAYS = BlurSettings(share=1.0)
WHITE = torch.ones(3, 1, 1)
LENGTHS = ALWAYS.length.median / ALWAYS.length.factor**2, ALWAYS.length.median * ALWAYS.length.factor**2


@given(length=st.floats(0.5, 40), inertia=st.floats(0.02, 3), seed=st.integers(0, 999))
def test_a_kernel_is_a_share_of_time_around_its_middle(length: float, inertia: float, seed: int) -> None:
    path = shake_path(length, inertia, seeded(seed))
    assert abs(float(path.diff(dim=0).norm(dim=1).sum()) / length - 1) < 0.5  # the first step is before it
    assert float(path.diff(dim=0).norm(dim=1).sum()) <= length * (1 + 1e-4)
    kernel = kernel_of(path)
    assert kernel.shape[0] == kernel.shape[1]
    assert kernel.shape[0] % 2 == 1
    assert (kernel >= 0).all()
    torch.testing.assert_close(kernel.sum(), torch.tensor(1.0), rtol=0, atol=1e-5)
    places = torch.arange(len(kernel)) - float(len(kernel) // 2)
    for axis in (0, 1):
        assert abs(float((kernel.sum(1 - axis) * places).sum())) < 1e-3


@given(seed=st.integers(0, 9999), length=st.floats(1, 40), pace=st.floats(0, 0.9), turn=st.floats(0, 360))
def test_a_curve_is_smooth_and_as_long_and_bent_as_asked_for(
    seed: int, length: float, pace: float, turn: float
) -> None:
    settings = BlurSettings(turn=(turn, turn), pace=pace)
    path = curved_path(length, settings, seeded(seed))
    steps = path.diff(dim=0)
    lengths = steps.norm(dim=1)
    assert float(lengths.sum()) <= length * (1 + 1e-4)
    # The first of the steps leads to the first point.
    assert float(lengths.sum()) >= length * (1 - (1 + pace) / len(path) - 1e-4)
    assert float(lengths.max()) <= length / len(path) * (1 + pace) * (1 + 1e-4)
    assert float(lengths.min()) >= length / len(path) * (1 - pace) * (1 - 1e-3) - 1e-5
    heading = torch.atan2(steps[:, 0], steps[:, 1]).diff()
    turns = torch.atan2(heading.sin(), heading.cos())
    assert float(turns.abs().max()) <= 3.1 * math.radians(turn) / len(path) + 1e-2
    torch.testing.assert_close(path.mean(0), torch.zeros(2), rtol=0, atol=1e-4)
    torch.testing.assert_close(kernel_of(path).sum(), torch.tensor(1.0), rtol=0, atol=1e-5)


def test_without_turn_a_curve_is_a_line_and_with_a_full_turn_it_may_close() -> None:
    straight = curved_path(20.0, BlurSettings(turn=(0, 0)), seeded(1))
    assert float((straight[-1] - straight[0]).norm()) == pytest.approx(20, rel=0.03)
    ends = [curved_path(20.0, BlurSettings(turn=(360, 360)), seeded(seed)) for seed in range(40)]
    assert sum(float((path[-1] - path[0]).norm()) for path in ends) / len(ends) < 12


def test_paths_of_the_default_settings_are_8_to_30_pixels_long() -> None:
    assert LENGTHS[0] == pytest.approx(8, abs=0.1)
    assert LENGTHS[1] == pytest.approx(30, abs=0.1)
    drawn = [draw_movement(ALWAYS, seeded(seed)) for seed in range(300)]
    lamps = [movement.lamps for movement in drawn]
    assert 1.5 <= min(lamps) < 2
    assert 18 < max(lamps) <= 24
    saturated = sum(movement.is_saturated for movement in drawn)
    assert 0.6 * 300 < saturated < 0.8 * 300
    for share, wanted in ((0.0, False), (1.0, True)):
        settings = ALWAYS.model_copy(update={"saturated_share": share})
        assert all(draw_movement(settings, seeded(seed)).is_saturated is wanted for seed in range(20))


def test_turns_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="swap"):
        BlurSettings(turn=(90, 10))


@given(seed=st.integers(0, 999))
def test_the_same_chance_gives_the_same_movement(seed: int) -> None:
    first, again = (draw_movement(ALWAYS, seeded(seed)) for _ in range(2))
    assert torch.equal(first.kernel, again.kernel)
    assert first.lamps == again.lamps >= 1
    assert len(first.kernel) <= 2 * LENGTHS[1] + 5


def test_movements_differ_and_come_as_often_as_asked_for() -> None:
    generator = seeded(0)
    drawn = [draw_movement(BlurSettings(share=0.6), generator) for _ in range(400)]
    still = sum(movement is None for movement in drawn)
    assert 120 <= still <= 200
    assert len({len(movement.kernel) for movement in drawn if movement}) > 8
    assert draw_movement(BlurSettings(share=0.0), generator) is None


def test_more_inertia_gives_a_straighter_path() -> None:
    def reach(inertia: float) -> float:
        paths = [shake_path(10.0, inertia, seeded(seed)) for seed in range(40)]
        return sum(float((path[-1] - path[0]).norm()) for path in paths) / len(paths)

    assert reach(3.0) > 1.2 * reach(0.3) > 1.2 * 1.2 * reach(0.05)


@given(height=st.integers(2, 12), width=st.integers(2, 12), seed=st.integers(0, 99))
def test_light_moves_as_the_kernel_says(height: int, width: int, seed: int) -> None:
    light = torch.rand(3, height, width, generator=seeded(seed))
    kernel = torch.rand(3, 3, generator=seeded(seed))
    made = moved(light, kernel)
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            # A pixel's light lands where the camera points to: a true convolution.
            wanted = sum(
                kernel[1 + down, 1 + right] * light[:, row - down, column - right]
                for down in (-1, 0, 1)
                for right in (-1, 0, 1)
            )
            torch.testing.assert_close(made[:, row, column], wanted, rtol=1e-4, atol=1e-5)


def test_light_is_neither_lost_nor_made() -> None:
    flat = torch.full((1, 3, 40, 40), 0.3)
    movement = draw_movement(ALWAYS, seeded(1))
    torch.testing.assert_close(shaken(flat, flat, movement, WHITE), flat, rtol=1e-4, atol=1e-5)


@given(seed=st.integers(0, 999))
def test_the_mean_of_linear_light_is_kept(seed: int) -> None:
    images = 0.9 * torch.rand(1, 3, 12, 12, generator=seeded(seed))
    light = torch.nn.functional.pad(to_linear(images), (40,) * 4)  # nothing reaches the border
    movement = draw_movement(ALWAYS, seeded(seed))
    made = moved(light, movement.kernel)
    torch.testing.assert_close(made.sum((2, 3)), light.sum((2, 3)), rtol=1e-4, atol=1e-5)


def test_lamps_leave_streaks_that_are_brighter_than_smeared_white() -> None:
    images = torch.full((1, 3, 31, 31), 0.2)
    images[..., 15, 15] = 1.0
    kernel = torch.zeros(11, 11)
    kernel[5] = 1 / 11
    light = to_linear(images)
    plain, lamp, clipped = (
        shaken(light, images, Movement(kernel, gain, 0.94, is_saturated), WHITE)
        for gain, is_saturated in ((1.0, False), (8.0, False), (22.0, True))
    )
    streak = lamp[..., 15, 11:20] - plain[..., 15, 11:20]
    torch.testing.assert_close(streak, torch.full((1, 3, 9), 7 / 11), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(lamp[..., 5, :], plain[..., 5, :])
    assert torch.equal(clipped[..., 15, 11:20], torch.ones(1, 3, 9))
    assert torch.equal(clipped[..., 5, :], plain[..., 5, :])


def test_saturated_streaks_clip_before_the_light_is_dimmed() -> None:
    images = torch.full((1, 3, 41, 41), 0.2)
    images[..., 18:23, 18:23] = 1.0
    kernel = torch.zeros(11, 11)
    kernel[5] = 1 / 11
    dimmed, bright = (
        darken(images, quiet(0.1), seeded(0), Movement(kernel, 24.0, 0.94, is_saturated)).images[..., 20, :]
        for is_saturated in (True, False)
    )
    white = float(to_srgb(torch.full((1, 3, 1, 1), 0.1)).mean())
    assert float(dimmed.max()) == pytest.approx(white, abs=1.01 / 255)
    assert (dimmed[..., 15:26] > white - 2 / 255).all()  # over the whole streak
    assert float(bright.max()) > 0.99


def test_white_is_the_brightest_light_of_a_scene_without_lamps() -> None:
    conditions = draw_conditions(4, BLURRED_NIGHTS, seeded(3))
    images = torch.rand(4, 3, 8, 8, generator=seeded(4))
    images[..., 0, 0] = 1.0
    white = light_of_white(images, conditions)
    assert white.shape == (4, 3, 1, 1)
    uneven = conditions._replace(exposure=conditions.exposure * torch.rand(4, 1, 8, 8, generator=seeded(5)))
    assert (light_of_white(images, uneven) <= white + 1e-6).all()


def test_the_small_copy_clips_as_the_image_does() -> None:
    images = torch.full((1, 3, 128, 128), 0.99)
    small, pixels = small_copy(images), torch.full((1, 1, 1, 1), 4.0)
    settings = quiet(0.1)
    night = Night(draw_conditions(1, settings, seeded(0)), None)
    movement = draw_movement(ALWAYS.model_copy(update={"saturated_share": 1.0}), seeded(1))
    still, moving = (
        taken_small(night, small, settings, seeded(2), pixels=pixels, movement=each)
        for each in (None, movement)
    )
    torch.testing.assert_close(moving, still, rtol=0, atol=0.01)


@given(seed=st.integers(0, 99))
def test_blur_is_of_light_and_comes_before_exposure(seed: int) -> None:
    images = torch.rand(1, 3, 24, 24, generator=seeded(seed)) * 0.9
    movement = draw_movement(ALWAYS, seeded(seed))
    made = darken(images, quiet(0.25), seeded(0), movement).images
    wanted = to_srgb(0.25 * moved(to_linear(images), movement.kernel))
    torch.testing.assert_close(made, wanted, rtol=0, atol=1.01 / 255)


def test_noise_is_not_smeared() -> None:
    gray = torch.full((3, 96, 96), 0.6)
    settings = DarkeningSettings(measured_share=1.0, jpeg_share=0.0)
    movement = draw_movement(ALWAYS, seeded(2))
    still, shaken_one = (darken(gray, settings, seeded(5), each).images for each in (None, movement))
    torch.testing.assert_close(shaken_one, still, rtol=0, atol=1.01 / 255)
    assert still.std(dim=(1, 2)).min() > 0.5 / 255


def test_a_dark_picture_taken_again_is_blurred_and_noisy() -> None:
    dark = torch.zeros(1, 3, 64, 64)
    dark[..., 32:] = 0.3
    kernel = torch.zeros(9, 9)
    kernel[4] = 1 / 9
    made = photograph_again(
        dark, Movement(kernel, 1.0, 0.94, is_saturated=False), DarkeningSettings(), seeded(0)
    )
    assert made.shape == dark.shape
    torch.testing.assert_close(made * 255, (made * 255).round(), rtol=0, atol=1e-3)
    rows = made.mean((0, 1, 2))
    assert rows[28] < rows[31] < rows[33] < rows[36]
    assert made[..., 44:].std() > 0.4 / 255


def test_nights_for_blurred_photos_keep_a_sixth_to_a_thirtieth_of_the_light() -> None:
    settings = BLURRED_NIGHTS.model_copy(update={"measured_share": 0.0})
    conditions = draw_conditions(2000, settings, seeded(0))
    exposure = conditions.exposure.flatten()
    assert float(exposure.min()) == pytest.approx(1 / 30, rel=0.02)
    assert float(exposure.max()) == pytest.approx(1 / 6, rel=0.02)
    # Nearly neutral, so that gray stays gray.
    assert float(conditions.cast.log().mean()) == pytest.approx(0, abs=0.01)
