"""Metadata as an independent program reads them."""

import json
import shutil
import subprocess

import pytest

from lowlight_cli.images.attach_metadata import attach_metadata
from lowlight_cli.images.metadata import limit_metadata, mark
from lowlight_cli.images.read_metadata import read_metadata
from tests.unit.images.photos import make_photo

pytestmark = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")

FORMATS = ["jpg", "png", "webp", "tiff"]
GROUPS = ("IFD0", "ExifIFD", "GPS", "IFD1", "IPTC", "XMP", "Photoshop", "InteropIFD")
CHANGED = {"Orientation", "ImageWidth", "ImageHeight", "ExifImageWidth", "ExifImageHeight", "ThumbnailOffset"}
LAYOUT = {"Compression", "BitsPerSample", "StripOffsets", "StripByteCounts", "RowsPerStrip", "SamplesPerPixel"}
LAYOUT |= {"PhotometricInterpretation", "PlanarConfiguration"}


def tags(path):
    """Every tag of a file by group and name."""
    run = subprocess.run(["exiftool", "-j", "-G1", "-a", "-s", "-U", path], capture_output=True, text=True, check=True)
    found = {tuple(name.split(":")): value for name, value in json.loads(run.stdout)[0].items() if ":" in name}
    return {key: value for key, value in found.items() if key[0].split("-")[0] in GROUPS}


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_every_tag_arrives(tmp_path, source, target):
    photo = make_photo(source)
    before, after = tmp_path / f"before.{source}", tmp_path / f"after.{target}"
    before.write_bytes(photo.data)
    metadata, _ = read_metadata(photo.data, photo.image, 32, 48)
    after.write_bytes(attach_metadata(make_photo(target).data, target, metadata))
    lost = {("IFD1", "*"), ("XMP-xmp", "ThumbnailsImage")} | {("Photoshop", "PhotoshopThumbnail")}
    lost |= {("Photoshop", "PhotoshopBGRThumbnail")}
    expected = {
        key: value
        for key, value in tags(before).items()
        if key[1] not in CHANGED | LAYOUT and key not in lost and key[0] != "IFD1"
    }
    if target == "webp":
        expected = {key: value for key, value in expected.items() if key[0] not in ("IPTC", "Photoshop")}
    assert len(expected) > 20
    found = tags(after)
    assert {key: found.get(key) for key in expected} == expected
    assert not [key for key in found if "Thumbnail" in key[1] or key[0] == "IFD1"]
    assert found["IFD0", "Orientation"] == found["XMP-tiff", "Orientation"] == "Horizontal (normal)"


@pytest.mark.parametrize("target", FORMATS)
def test_safe_and_marked(tmp_path, target):
    photo = make_photo("jpg")
    metadata = limit_metadata(read_metadata(photo.data, photo.image, 32, 48)[0], "safe")
    path = tmp_path / f"after.{target}"
    path.write_bytes(attach_metadata(make_photo("png").data if target == "png" else plain(target), target, metadata))
    found = tags(path)
    assert not [key for key in found if "GPS" in key[1] or "Serial" in key[1] or key[1] in ("City", "OwnerName")]
    assert found["IFD0", "Artist"] == "An Artist"
