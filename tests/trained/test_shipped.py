"""The weights that ship do what the program says of them."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from torch.nn.functional import interpolate

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.images.tiling import Tile
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.observations import placed

STEPS = (0.0, 0.5, 1.0, 1.5, 2.0)


@pytest.fixture(scope="module")
def model() -> Enhancer:
    return load_enhancer("codeenhance")


def night_pictures(root, size: tuple[int, int] = (192, 256)) -> list[torch.Tensor]:
    """The sample images at a size that tests can afford, (1, 3, height, width) each."""
    found = sorted(
        path for path in (root / "sample_images").iterdir() if path.suffix in (".jpg", ".png", ".webp")
    )
    pictures = []
    for path in found:
        with Image.open(path) as file:
            pixels = np.array(ImageOps.exif_transpose(file).convert("RGB"))
        images = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        pictures.append(interpolate(images, size, mode="bilinear", antialias=True))
    assert len(pictures) >= 6
    return pictures


def detail(images: torch.Tensor) -> float:
    """Mean absolute step between neighbors; more where there is more texture."""
    return float(images.diff(dim=3).abs().mean() + images.diff(dim=2).abs().mean())


MEASURES = {
    "brightness": lambda images: float(images.mean()),
    "contrast": lambda images: float(images.mean(1).std()),
    "texture": detail,
}


@pytest.mark.parametrize("control", MEASURES)
def test_each_control_does_what_its_name_says(model, root, control):
    measure = MEASURES[control]
    rows = []
    for picture in night_pictures(root, (96, 128)):  # 15 passes each
        made = [model.enhance(picture, Controls(**{control: step})) for step in STEPS]
        rows.append([measure(images) for images in made])
    means = np.array(rows).mean(0)
    assert (np.diff(means) > 0).all(), means
    assert means[-1] / means[0] > 1.1, means
    for row in rows:
        assert row[-1] > row[0], row


def test_dark_pictures_become_bright_and_stay_finite(model, root):
    for picture in night_pictures(root):
        made = model.enhance(picture, Controls())
        assert torch.isfinite(made).all()
        assert 0 <= made.min() <= made.max() <= 1
        assert made.mean() > 1.3 * picture.mean()


def test_a_reference_of_any_size_changes_the_look(model, root):
    picture = night_pictures(root)[0]
    plain = model.enhance(picture, Controls())
    for size in ((33, 70), (200, 100)):
        reference = torch.rand(1, 3, *size) * 0.2 + torch.tensor([0.7, 0.5, 0.3]).view(1, 3, 1, 1)
        assert (model.enhance(picture, Controls(), reference=reference) - plain).abs().mean() > 1e-3


@pytest.mark.parametrize("value", [0.0, 0.02, 0.5, 1.0])
def test_constant_pictures_give_finite_and_flat_results(model, value):
    made = model.enhance(torch.full((1, 3, 64, 96), value), Controls())
    assert torch.isfinite(made).all()
    assert made[..., 16:-16, 16:-16].std(dim=(2, 3)).max() < 0.05


def test_tiles_with_the_facts_of_the_whole_agree_with_the_whole(model, root):
    picture = night_pictures(root)[1]
    whole = model.enhance(picture, Controls())
    facts = model.observe(picture, Controls())
    known = placed(facts, Tile(0, 0, picture.shape[2], 192), *picture.shape[2:])
    left = model.enhance(picture[..., :192], Controls(), observation=known)
    inside = slice(0, 144)
    error = (left[..., inside] - whole[..., inside]).square().mean()
    assert -10 * error.log10() > 40
