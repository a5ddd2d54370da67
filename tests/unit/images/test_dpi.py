"""The print resolution is the same in EXIF, JFIF and pHYs."""

from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.metadata.dpi import Density, density_of_exif, density_of_file, with_density
from lowlight_cli.images.metadata.exif import empty_exif


def _file(form, density):
    file = BytesIO()
    Image.new("RGB", (8, 6)).save(file, form, dpi=density)
    return file.getvalue()


@pytest.mark.parametrize("target", ["jpg", "png", "tiff"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF"])
def test_it_goes_from_any_format_into_any(source, target):
    encoded = encode_bytes(decode_bytes(_file(source, (300, 240))), target)
    found = Image.open(BytesIO(encoded)).info["dpi"]
    assert np.allclose([float(number) for number in found], (300, 240), atol=0.5)


def test_centimeters_stay_centimeters():
    file = BytesIO()
    pixels = np.zeros((6, 8, 3), np.uint8)
    tifffile.imwrite(
        file, pixels, photometric="rgb", resolution=(120, 120), resolutionunit="CENTIMETER", metadata=None
    )
    encoded = encode_bytes(decode_bytes(file.getvalue()), "jpg")
    assert density_of_file(encoded) == Density(120, 120, 3)
    assert density_of_file(encode_bytes(decode_bytes(encoded), "png")).across == pytest.approx(
        120 * 2.54, abs=0.01
    )


def test_exif_is_believed_first():
    exif = Image.Exif()
    exif[282] = exif[283] = 200.0
    file = BytesIO()
    Image.new("RGB", (8, 6)).save(file, "JPEG", dpi=(72, 72), exif=exif)
    encoded = encode_bytes(decode_bytes(file.getvalue()), "jpg")
    assert density_of_file(encoded) == Density(200, 200, 2)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_is_made_up(form):
    file = BytesIO()
    Image.new("RGB", (8, 6)).save(file, form)
    assert density_of_file(file.getvalue()) is None
    assert decode_bytes(file.getvalue()).restore.metadata.exif == b""


def test_it_survives_exif():
    density = Density(72.5, 96.0, 2)
    assert density_of_exif(with_density(empty_exif(), density)) == density
    assert density_of_exif(empty_exif()) is None
