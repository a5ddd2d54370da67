"""Metadata at every allowed place of a container; other parts stay unchanged."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from lowlight_cli.images.metadata.attach import attach_metadata
from lowlight_cli.images.metadata.policy import Metadata
from lowlight_cli.images.metadata.read import read_metadata
from tests.unit.images.photos import MAKER_NOTE, RECORDS, XMP, camera_exif, jpeg_with, make_photo, resource


def read(data):
    return read_metadata(data, Image.open(BytesIO(data)), 48, 32)


@pytest.fixture(scope="module")
def metadata():
    return read(make_photo("jpg").data)[0]


def png_with(*chunks):
    """A PNG with given chunks (type and content) before its end."""
    file = BytesIO()
    Image.new("RGB", (8, 6)).save(file, "PNG")
    whole = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return file.getvalue()[:-12] + whole + file.getvalue()[-12:]


@pytest.mark.parametrize("name", ["exif", "APP1"])
@pytest.mark.parametrize("packed", [False, True])
def test_exif_in_an_old_png_is_found(name, packed):
    block = camera_exif(1).tobytes()
    text = f"\n{name}\n{len(block):8}\n{block.hex()}\n".encode()
    keyword = f"Raw profile type {name}".encode()
    chunk = (
        (b"zTXt", keyword + b"\0\0" + zlib.compress(text)) if packed else (b"tEXt", keyword + b"\0" + text)
    )
    found, warnings = read(png_with(chunk))
    assert MAKER_NOTE in found.exif
    assert warnings == ()


def test_text_that_unpacks_to_gigabytes_is_left_alone():
    packer = zlib.compressobj(1)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(34)) + packer.flush()
    found, warnings = read_metadata(png_with((b"zTXt", b"Raw profile type exif\0\0" + bomb)), None, 8, 6)
    assert (found, warnings) == (Metadata(), ("metadata",))


@pytest.mark.parametrize(
    "text", [b"\nexif\n 4\nzz", b"\nexif\n", b"", b"\nexif\n 99\nabcd", b"\nexif\nx\nabcd", b"\xff" * 9]
)
def test_damaged_profiles_of_a_png_are_a_warning(text):
    found, warnings = read_metadata(png_with((b"tEXt", b"Raw profile type exif\0" + text)), None, 8, 6)
    assert (found, warnings) == (Metadata(), ("metadata",))


def test_exif_beyond_one_segment_is_joined():
    exif = camera_exif(1)
    exif.get_ifd(0x8769)[0x9286] = b"x" * 90_000
    block = exif.tobytes()
    data = jpeg_with((0xE1, block[:60_000]), (0xE1, b"Exif\0\0" + block[60_000:]))
    found, warnings = read(data)
    assert (b"x" * 90_000 in found.exif, warnings) == (True, ())


def test_jpeg_keeps_all_other_segments(metadata):
    profile = b"ICC_PROFILE\0\1\1" + bytes(200)
    before = jpeg_with((0xE2, profile), (0xFE, b"comment"))
    after = attach_metadata(before, "jpg", metadata)
    assert profile in after
    assert b"comment" in after
    assert after[:13] == before[:13]  # JFIF comes first, and tells how large the picture is on paper
    assert after.endswith(before[before.index(b"\xff\xdb") :])


def test_a_jpeg_without_its_first_segment_is_fine(metadata):
    data = jpeg_with()
    bare = data[:2] + data[20:]
    after = attach_metadata(bare, "jpg", metadata)
    assert read(after)[0] == metadata
    Image.open(BytesIO(after)).load()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_png_pixels_stay(metadata, mode):
    file = BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).convert(mode).save(
        file, "PNG", icc_profile=b"profile"
    )
    after = attach_metadata(file.getvalue(), "png", metadata)
    with Image.open(BytesIO(after)) as image, Image.open(file) as before:
        assert image.tobytes() == before.tobytes()
        assert image.info["icc_profile"] == b"profile"
        assert image.info["Raw profile type iptc"]
    assert read(after)[0] == metadata


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"icc_profile": b"profile"}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_of_every_kind_takes_metadata(metadata, mode, options):
    file = BytesIO()
    image = Image.fromarray(np.arange(13 * 9 * 3, dtype=np.uint8).reshape(9, 13, 3)).convert(mode)
    if mode == "RGBA":
        image.putalpha(100)
    image.save(file, "WEBP", **options)
    after = attach_metadata(file.getvalue(), "webp", metadata)
    with Image.open(BytesIO(after)) as found, Image.open(file) as before:
        assert found.tobytes() == before.tobytes()
        assert (found.size, found.mode) == ((13, 9), mode)
        assert found.info["xmp"] == metadata.xmp
        assert found.info.get("icc_profile") == options.get("icc_profile")
    assert read(after)[0].exif == metadata.exif


def test_animated_webp_keeps_its_frames(metadata):
    file = BytesIO()
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in (0, 100, 200)]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=70, lossless=True)
    with Image.open(BytesIO(attach_metadata(file.getvalue(), "webp", metadata))) as after:
        assert after.n_frames == 3
        after.seek(2)
        assert after.convert("RGB").getpixel((3, 3)) == (200, 0, 0)
        assert after.getexif()[271] == "Maker"


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"tile": (16, 16)}, {"compression": "zlib"}])
def test_tiff_pages_stay_where_they_are(metadata, byteorder, options):
    pages = [np.full((40, 50, 3), 1000 * page, np.uint16) for page in (1, 2, 3)]
    file = BytesIO()
    with tifffile.TiffWriter(file, byteorder=byteorder, bigtiff=options.get("bigtiff", False)) as writer:
        for page in pages:
            writer.write(
                page, photometric="rgb", metadata=None, **{k: v for k, v in options.items() if k != "bigtiff"}
            )
    after = attach_metadata(file.getvalue(), "tiff", metadata)
    with tifffile.TiffFile(BytesIO(after)) as found:
        assert len(found.pages) == 3
        assert all(
            np.array_equal(page.asarray(), pixels) for page, pixels in zip(found.pages, pages, strict=True)
        )
        first = found.pages[0].tags
        assert first["Make"].value == "Maker"
        assert first["ExifTag"].value["ISOSpeedRatings"] == 3200
        assert first["ExifTag"].value["ExposureTime"] == (1, 60)
        assert first["ExifTag"].value["MakerNote"] == MAKER_NOTE
        assert first["GPSTag"].value["GPSLatitude"] == (48, 1, 51, 1, 30, 1)
        assert bytes(first["XMP"].value) == metadata.xmp
        assert bytes(first["IPTCNAA"].value) == RECORDS
        assert "Make" not in found.pages[1].tags
        assert found.pages[0].tags["ImageWidth"].value == 50


def test_tags_of_a_digital_negative_stay_behind():
    file = BytesIO()
    extra = [
        (271, 2, 0, "Maker", True),
        (50706, 1, 4, (1, 4, 0, 0), True),
        (50708, 2, 0, "Camera", True),
        (33421, 3, 2, (2, 2), True),
        (50721, 10, 3, (1, 1) * 3, True),
    ]
    tifffile.imwrite(file, np.zeros((8, 8), np.uint16), photometric="cfa", metadata=None, extratags=extra)
    found, warnings = read_metadata(file.getvalue(), None, 8, 8)
    kept = Image.Exif()
    kept.load(found.exif)
    assert (kept[271], warnings) == ("Maker", ())
    assert not {50706, 50708, 33421, 50721, 262} & set(kept)


def test_xmp_and_iptc_inside_of_exif_are_found():
    exif = camera_exif(1)
    exif[700], exif[33723] = XMP, RECORDS
    found, _ = read(jpeg_with((0xE1, exif.tobytes())))
    assert b"Stra\xc3\x9fe" in found.xmp
    assert found.iptc == resource(1028, RECORDS)


def test_other_resources_stay_and_copies_of_blocks_go():
    resources = (
        resource(1005, b"resolution")
        + resource(1028, RECORDS)
        + resource(1039, b"profile")
        + resource(1060, XMP)
    )
    found, warnings = read(jpeg_with((0xED, b"Photoshop 3.0\0" + resources)))
    assert found.iptc == resource(1005, b"resolution") + resource(1028, RECORDS)
    assert warnings == ()


def test_resources_in_two_segments_are_joined():
    resources = resource(1028, RECORDS)
    head = b"Photoshop 3.0\0"
    found, warnings = read(jpeg_with((0xED, head + resources[:20]), (0xED, head + resources[20:])))
    assert (found.iptc, warnings) == (resources, ())


@pytest.mark.parametrize("name", ["webp", "tiff"])
def test_what_is_no_picture_of_that_format_is_refused(metadata, name):
    with pytest.raises(ValueError, match=r"no |damaged"):
        attach_metadata(b"II*\0\xff\0\0\0", name, metadata)


def test_fujifilms_raw_tells_by_the_picture_inside():
    inside = make_photo("jpg").data
    data = b"FUJIFILMCCD-RAW ".ljust(84, b"0") + struct.pack(">II", 160, len(inside)) + bytes(68) + inside
    found, warnings = read_metadata(data, None, 32, 48)
    kept = Image.Exif()
    kept.load(found.exif)
    assert (kept[271], kept[274], warnings) == ("Maker", 1, ())


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_big_tiff_is_read(byteorder):
    file = BytesIO()
    extra = [(271, 2, 0, "Maker", True), (700, 1, len(XMP), XMP, True)]
    tifffile.imwrite(
        file, np.zeros((8, 8), np.uint8), bigtiff=True, byteorder=byteorder, metadata=None, extratags=extra
    )
    found, warnings = read_metadata(file.getvalue(), Image.new("L", (1, 1)), 8, 8)
    kept = Image.Exif()
    kept.load(found.exif)
    assert (kept[271], warnings) == ("Maker", ())
    assert b"Stra\xc3\x9fe" in found.xmp
