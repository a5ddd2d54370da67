"""The public Python API: the kind of an image stays, results equal those of the command, errors are ours."""

import doctest
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import lowlight_cli as lle
from lowlight_cli import api
from lowlight_cli.errors import SettingsError, UnknownNameError, UsageError


@pytest.fixture(scope="module")
def model():
    return lle.load("codeenhance", device="cpu", precision="fp32")


def dark(shape=(40, 56, 3), dtype=np.uint8):
    values = np.random.default_rng(0).uniform(0.02, 0.2, shape)
    if np.issubdtype(dtype, np.floating):
        return values.astype(dtype)
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(40, 56), (40, 56, 1), (40, 56, 3), (40, 56, 4)], ids=str)
def test_an_array_comes_back_as_it_was_and_brighter(model, dtype, shape):
    image = dark(shape, dtype)
    before = image.copy()
    result = model(image)
    assert type(result) is np.ndarray
    assert (result.dtype, result.shape) == (image.dtype, image.shape)
    color = slice(None) if len(shape) == 2 or shape[2] == 1 else (..., slice(3))
    assert result[color].astype(float).mean() > 1.5 * image[color].astype(float).mean()
    assert np.array_equal(image, before)
    if shape[2:] == (4,):
        tolerance = 1 / 65535 if np.issubdtype(dtype, np.floating) else 0
        assert np.allclose(result[..., 3], image[..., 3], rtol=1e-3, atol=tolerance)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "I;16"])
def test_a_pil_image_keeps_its_mode_and_size(model, mode):
    plain = dark((40, 56), np.uint16) if mode == "I;16" else dark()
    image = Image.fromarray(plain) if mode == "I;16" else Image.fromarray(plain).convert(mode)
    result = model(image)
    assert (result.mode, result.size) == (image.mode, image.size)
    assert np.asarray(result).astype(float).mean() > np.asarray(image).astype(float).mean()


@pytest.mark.parametrize(("mode", "becomes"), [("P", "RGB"), ("CMYK", "RGB"), ("1", "L")])
def test_other_modes_become_plain_ones(model, mode, becomes):
    assert model(Image.fromarray(dark()).convert(mode)).mode == becomes


def test_an_image_is_turned_upright_by_its_exif(root, tmp_path):
    turned = Image.open(root / "sample_images" / "turned.jpg")
    result = lle.enhance(turned, "identity", device="cpu")
    assert turned.getexif()[0x0112] != 1
    assert result.size == turned.size[::-1]
    assert 0x0112 not in Image.Image.getexif(result)


def test_a_color_profile_stays(model, root):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(dark())
    image.info["icc_profile"] = profile
    assert model(image).info["icc_profile"] == profile
    assert "icc_profile" not in model(Image.fromarray(dark())).info


def test_an_array_is_enhanced_as_the_command_does(run_lle, tmp_path, model):
    image = dark()
    Image.fromarray(image).save(tmp_path / "a.png")
    run = run_lle(
        "enhance", tmp_path / "a.png", "-o", tmp_path / "b.png", "--device", "cpu", "--precision", "fp32"
    )
    assert run.code == 0
    assert np.array_equal(np.asarray(Image.open(tmp_path / "b.png")), model(image))


def test_a_batch_is_what_single_images_are(model):
    images = [dark(), dark((32, 48, 3)), dark((40, 56), np.uint16)]
    for image, result in zip(images, model.batch(images), strict=True):
        assert np.array_equal(result, model(image))


def test_a_model_says_what_it_is(model):
    assert (model.name, model.device, model.precision) == ("codeenhance", "cpu", "fp32")


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3, 1), np.uint8),
        np.zeros((4, 4, 3), np.int32),
        np.full((4, 4, 3), 1.5),
        np.full((4, 4, 3), np.nan),
    ],
    ids=lambda image: f"{image.shape} {image.dtype}",
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(UsageError):
        lle.enhance(image, "identity", device="cpu")


@pytest.mark.parametrize(
    ("options", "error", "word"),
    [
        ({"contrast": 3}, SettingsError, "contrast"),
        ({"strength": -1}, SettingsError, "strength"),
        ({"colour": 1}, SettingsError, "colour"),
        ({"model": "codeenhanse"}, UnknownNameError, "codeenhance"),
        ({"model": "identity", "texture": 2}, UsageError, "texture"),
    ],
    ids=str,
)
def test_errors_are_those_of_the_command(options, error, word):
    with pytest.raises(error, match=word):
        lle.enhance(dark(), **{"device": "cpu", **options})


def test_files_are_enhanced_resumed_and_told_one_by_one(make_picture, tmp_path):
    make_picture(tmp_path / "in" / "a.jpg")
    make_picture(tmp_path / "in" / "sub" / "b.png")
    rows = []

    def run():
        return lle.enhance_files(
            tmp_path / "in", tmp_path / "out", model="identity", device="cpu", on_result=rows.append
        )

    assert run().count("ok") == 2
    assert sorted(row.target.name for row in rows) == ["a.jpg", "b.png"]
    assert (tmp_path / "out" / "sub" / "b.png").is_file()
    assert run().count("skipped") == 2


def test_a_wrong_choice_is_named(tmp_path):
    with pytest.raises(SettingsError, match="on_exist"):
        lle.enhance_files(tmp_path, tmp_path / "out", on_exist="perhaps")
    with pytest.raises(UsageError, match="no such file"):
        lle.enhance_files(tmp_path / "nothing", tmp_path / "out")


def test_importing_the_package_is_quick_and_complete(root):
    source = (
        "import sys, lowlight_cli as lle\n"
        "print(sorted(set(sys.modules) & {'torch', 'numpy', 'pydantic', 'PIL'}))\n"
        "print(all(hasattr(lle, name) for name in lle.__all__), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "True False"]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        lle.nothing  # noqa: B018


def test_the_examples_hold(root, monkeypatch):
    monkeypatch.chdir(root)
    found = [doctest.testmod(module) for module in (lle, api)]
    found.append(doctest.testfile(str(root / "docs" / "python.md"), module_relative=False))
    assert [result.failed for result in found] == [0, 0, 0]
    assert all(result.attempted > 1 for result in found)
