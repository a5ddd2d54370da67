"""Metadata as ExifTool reads it."""

import json
import shutil
import subprocess

import pytest

from lowlight_cli.images.choices import MetadataPolicy
from lowlight_cli.images.metadata.attach import attach_metadata
from lowlight_cli.images.metadata.policy import limit_metadata, mark
from lowlight_cli.images.metadata.read import read_metadata
from tests.unit.images.photos import blank, make_photo

pytestmark = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")

FORMATS = ["jpg", "png", "webp", "tiff"]
GROUPS = ("IFD0", "ExifIFD", "GPS", "InteropIFD", "IPTC", "XMP")
CHANGED = {"Orientation", "ImageWidth", "ImageHeight", "ExifImageWidth", "ExifImageHeight", "ThumbnailImage"}
LAYOUT = {
    "Compression",
    "BitsPerSample",
    "StripOffsets",
    "StripByteCounts",
    "RowsPerStrip",
    "SamplesPerPixel",
}
LAYOUT |= {"PhotometricInterpretation", "PlanarConfiguration", "Software", "ResolutionUnit"}


def all_tags(path):
    """All tags of a file by group and name."""
    command = ["exiftool", "-json", "-G1", "-a", "-s", "-U", path]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return {tuple(name.split(":")): value for name, value in json.loads(run.stdout)[0].items() if ":" in name}


def telling(tags, *, groups=GROUPS):
    """Tags that must be the same in a copy."""
    return {
        (group, name): value
        for (group, name), value in tags.items()
        if group.split("-")[0] in groups and name not in CHANGED | LAYOUT
    }


@pytest.mark.parametrize(
    ("source", "target"), [("jpg", name) for name in FORMATS] + [(name, "jpg") for name in FORMATS[1:]]
)
def test_every_tag_arrives(tmp_path, source, target):
    photo = make_photo(source)
    before, after = tmp_path / f"before.{source}", tmp_path / f"after.{target}"
    before.write_bytes(photo.data)
    metadata, _ = read_metadata(photo.data, photo.image, 32, 48)
    after.write_bytes(attach_metadata(blank(target), target, metadata))
    groups = [group for group in GROUPS if target != "webp" or group != "IPTC"]
    expected, found = telling(all_tags(before), groups=groups), all_tags(after)
    assert len(expected) > 20
    assert telling(found, groups=groups) == expected
    assert not [key for key in found if "Thumbnail" in key[1] or key[0] == "IFD1"]
    assert found["IFD0", "Orientation"] == found["XMP-tiff", "Orientation"] == "Horizontal (normal)"
    assert found["ExifIFD", "ExifImageWidth"] == found["XMP-exif", "ExifImageWidth"] == 32


@pytest.mark.parametrize("target", FORMATS)
def test_safe_metadata_are_marked_and_tell_no_place(tmp_path, target):
    photo = make_photo("jpg")
    metadata = limit_metadata(read_metadata(photo.data, photo.image, 32, 48)[0], MetadataPolicy.SAFE)
    path = tmp_path / f"after.{target}"
    path.write_bytes(attach_metadata(blank(target), target, mark(metadata, "lle 1 a")))
    found = all_tags(path)
    assert not [
        name for _, name in found if "GPS" in name or "Serial" in name or name in ("City", "OwnerName")
    ]
    assert found["IFD0", "Artist"] == "An Artist"
    assert found["IFD0", "ProcessingSoftware"] == found["XMP-xmpMM", "HistorySoftwareAgent"] == "lle 1 a"
