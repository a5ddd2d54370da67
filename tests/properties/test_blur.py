"""Properties of any camera movement and of images blurred by it."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.datasets.blur import Movement, draw_movement, kernel_of, moved, shake_path, shaken
from lowlight_cli.datasets.config import BlurSettings, DarkeningSettings
from lowlight_cli.datasets.darken import darken, photograph_again, to_linear, to_srgb
from tests.properties.test_darken import quiet, seeded

ALWAYS = BlurSettings(share=1.0)


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


@given(seed=st.integers(0, 999))
def test_the_same_chance_gives_the_same_movement(seed: int) -> None:
    first, again = (draw_movement(ALWAYS, seeded(seed)) for _ in range(2))
    assert torch.equal(first.kernel, again.kernel)
    assert first.lamps == again.lamps >= 1
    longest = ALWAYS.length.median * ALWAYS.length.factor**2
    assert len(first.kernel) <= 2 * longest + 5


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
    torch.testing.assert_close(shaken(flat, flat, movement), flat, rtol=1e-4, atol=1e-5)


def test_lamps_leave_streaks_that_are_brighter_than_smeared_white() -> None:
    images = torch.full((1, 3, 31, 31), 0.2)
    images[..., 15, 15] = 1.0
    kernel = torch.zeros(11, 11)
    kernel[5] = 1 / 11
    light = to_linear(images)
    plain, lamp = (shaken(light, images, Movement(kernel, gain, 0.94)) for gain in (1.0, 8.0))
    streak = lamp[..., 15, 11:20] - plain[..., 15, 11:20]
    torch.testing.assert_close(streak, torch.full((1, 3, 9), 7 / 11), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(lamp[..., 5, :], plain[..., 5, :])


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
    made = photograph_again(dark, Movement(kernel, 1.0, 0.94), DarkeningSettings(), seeded(0))
    assert made.shape == dark.shape
    torch.testing.assert_close(made * 255, (made * 255).round(), rtol=0, atol=1e-3)
    rows = made.mean((0, 1, 2))
    assert rows[28] < rows[31] < rows[33] < rows[36]
    assert made[..., 44:].std() > 0.4 / 255
