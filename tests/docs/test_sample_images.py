"""What sample_images/README.md says about the pictures beside it."""

import pytest
from PIL import Image

LARGEST = 110_000
LARGEST_PHOTO = 2_000_000


@pytest.fixture(scope="module")
def samples(root):
    found = [path for path in sorted((root / "sample_images").iterdir()) if path.suffix != ".md"]
    assert len(found) == 9
    return found


def test_each_picture_is_listed_with_its_origin(samples, root):
    lines = (root / "sample_images" / "README.md").read_text().splitlines()
    for path in samples:
        row = next(line for line in lines if line.startswith(f"| `{path.name}`"))
        assert "CC0" in row or "public domain" in row


def test_pictures_are_small_files(samples):
    for path in samples:
        assert path.stat().st_size < (LARGEST_PHOTO if "megapixels" in path.name else LARGEST), path.name


def test_pictures_are_dark(samples):
    for path in samples:
        with Image.open(path) as picture:
            gray = picture.convert("RGB").resize((32, 32)).convert("L")
        assert sum(gray.tobytes()) / 1024 < 65, path.name


def test_one_has_a_lit_part_beside_a_dark_one(root):
    with Image.open(root / "sample_images" / "fire_at_night.jpg") as picture:
        levels = sorted(picture.convert("L").resize((32, 32)).tobytes())
    assert levels[1000] > 140
    assert levels[512] < 50


def test_each_special_case_is_what_its_name_says(root):
    folder = root / "sample_images"
    with Image.open(folder / "grey.png") as picture:
        assert picture.mode == "L"
    with Image.open(folder / "transparent.png") as picture:
        assert picture.mode == "RGBA"
    with Image.open(folder / "turned.jpg") as picture:
        assert picture.getexif()[0x0112] == 6
    with Image.open(folder / "odd_size.png") as picture:
        assert picture.width % 2
        assert picture.height % 2
    with Image.open(folder / "street_8_megapixels.jpg") as picture:
        assert picture.width * picture.height >= 8_000_000
    header = (folder / "deep_16_bit.png").read_bytes()[:26]
    assert header[24] == 16
