"""Color code points (H.273) are converted by the formulas and written again."""

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from lowlight_cli.images.codecs.avif_boxes import codes_of_boxes
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.metadata.png_chunks import read_chunks
from lowlight_cli.images.settings import WriteSettings
from tests.unit.images.coded_files import avif, cicp, heic, named, png, renamed
from tests.unit.images.color_science import LIGHT, TO_SRGB, shown
from tests.unit.images.icc_bytes import DISPLAY_P3

SPACES = [(9, 14), (9, 13), (12, 13), (12, 8), (6, 6), (1, 1), (1, 4), (9, 5), (1, 17)]
"""BT.2020, Display P3 and others; high dynamic range is tested in another file."""


def smooth(depth=np.uint8, size=(16, 24)):
    """Smooth colors, since codecs blur edges, that are inside sRGB in each of the spaces."""
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]] / max(size)
    values = np.dstack((0.42 + 0.2 * rows, 0.52 - 0.1 * columns, 0.4 + 0.1 * (rows + columns)))
    return (values * np.iinfo(depth).max).round().astype(depth)


def in_8_bits(picture):
    return picture.pixels.astype(float) / np.iinfo(picture.pixels.dtype).max * 255


def as_stored(data):
    """Stored 8-bit samples of a file, without color conversion."""
    if data[8:11] == b"hei":
        import pillow_heif

        return np.asarray(pillow_heif.open_heif(data))
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image)


def shown_by_little_cms(data):
    """What a color-managed program displays."""
    with Image.open(BytesIO(data)) as image:
        icc = image.info.get("icc_profile")
        if not icc:
            return np.asarray(image.convert("RGB"), float)
        srgb = ImageCms.createProfile("sRGB")
        return np.asarray(
            ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(BytesIO(icc)), srgb), float
        )


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("make", [avif, heic, lambda samples, *codes: png(samples, cicp(*codes))])
def test_code_points_become_srgb_for_the_model(make, space):
    if make is heic:
        pytest.importorskip("pillow_heif")
    data = make(smooth(), *space)
    picture = decode_bytes(data)
    assert picture.warnings == ()
    assert picture.restore.codes == space
    stored = as_stored(data)
    assert np.abs(stored.astype(int) - smooth()).max() <= 2  # the codec's own loss
    assert np.abs(in_8_bits(picture) - 255 * shown(stored / 255, *space)).max() <= 1


@pytest.mark.parametrize("space", SPACES)
def test_sixteen_bits_keep_their_fineness(space):
    samples = smooth(np.uint16)
    picture = decode_bytes(png(samples, cicp(*space)))
    expected = 65535 * shown(samples / 65535, *space)
    assert picture.frames[0].is_sixteen_bit
    assert np.abs(picture.pixels - expected).max() <= 40  # the published matrices have four digits
    assert np.abs(decode_bytes(encode_bytes(picture, "png")).pixels.astype(int) - picture.pixels).max() <= 4


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("target", ["jpg", "png", "tiff", "webp", "avif"])
def test_results_look_the_same_to_programs_that_read_profiles(target, space):
    source = png(smooth(), cicp(*space))
    data = encode_bytes(decode_bytes(source), target, WriteSettings(subsampling="444"))
    allowed = 1 if target in ("png", "tiff") else 8
    difference = np.abs(shown_by_little_cms(data) - 255 * shown(smooth() / 255, *space))
    assert difference.mean() <= allowed
    assert difference.max() <= 3 * allowed


@pytest.mark.parametrize("space", SPACES)
def test_code_points_are_written_where_there_is_a_place(space):
    picture = decode_bytes(avif(smooth(), *space))
    assert named(encode_bytes(picture, "avif")) == space
    chunks = {chunk.kind: chunk.data for chunk in read_chunks(encode_bytes(picture, "png"))}
    assert chunks[b"cICP"] == bytes((*space, 0, 1))
    assert b"cICP" not in encode_bytes(picture, "png", WriteSettings(icc="srgb"))
    assert named(encode_bytes(picture, "avif", WriteSettings(icc="srgb"))) == (2, 2)


@pytest.mark.parametrize("codes", [(1, 13), (2, 2), (1, 2), (2, 13)])
def test_srgb_stays_as_it_is(codes):
    picture = decode_bytes(png(smooth(), cicp(*codes)))
    assert (picture.warnings, picture.restore.icc, picture.restore.codes) == ((), None, None)
    assert np.array_equal(picture.pixels, smooth())
    assert decode_bytes(avif(smooth(), *codes)).restore.icc is None


@pytest.mark.parametrize("codes", [(0, 13), (3, 13), (9, 0), (99, 13), (1, 3), (1, 9), (1, 200), (77, 16)])
def test_unknown_codes_are_a_warning(codes):
    plain = decode_bytes(avif(smooth(), 1, 13)).pixels
    for data in (png(smooth(), cicp(*codes)), avif(smooth(), *codes)):
        picture = decode_bytes(data)
        assert picture.warnings == ("color",)
        assert picture.restore.icc is None
        assert np.array_equal(picture.pixels, smooth() if data.startswith(b"\x89PNG") else plain)


def test_a_chunk_of_another_range_or_size_is_a_warning():
    for chunk in (cicp(9, 14, 0, 0), cicp(9, 14, 9), (b"cICP", b"\t")):
        assert decode_bytes(png(smooth(), chunk)).warnings == ("color",)


def test_a_profile_goes_before_nclx_and_behind_cicp():
    mixed = avif(smooth(), 9, 14, icc_profile=DISPLAY_P3)
    picture = decode_bytes(mixed)
    assert (picture.restore.icc, picture.restore.codes) == (DISPLAY_P3, None)
    assert np.abs(in_8_bits(picture) - 255 * shown(smooth() / 255, 12, 13)).max() <= 3
    file = BytesIO()
    Image.fromarray(smooth()).save(file, "PNG", icc_profile=DISPLAY_P3)
    data = file.getvalue()
    cicp_of_2020 = png(smooth(), cicp(9, 14))[33:49]
    assert decode_bytes(data[:33] + cicp_of_2020 + data[33:]).restore.codes == (9, 14)
    unknown = png(smooth(), cicp(77, 14))[33:49]
    picture = decode_bytes(data[:33] + unknown + data[33:])
    assert (picture.restore.icc, picture.warnings) == (DISPLAY_P3, ())


def test_gray_keeps_its_curve_and_its_codes():
    gray = smooth()[..., :1]
    picture = decode_bytes(png(gray, cicp(9, 8)))
    assert np.abs(in_8_bits(picture)[..., 0] - 255 * shown(gray / 255 * [1, 1, 1], 1, 8)[..., 0]).max() <= 1
    data = encode_bytes(picture, "png")
    with Image.open(BytesIO(data)) as image:
        assert image.mode == "L"
        assert np.abs(np.asarray(image, int) - gray[..., 0]).max() <= 1
    assert decode_bytes(data).restore.codes == (9, 8)
    assert decode_bytes(png(gray, cicp(9, 13))).restore.icc is None
    in_color = encode_bytes(picture, "webp")
    assert np.abs(shown_by_little_cms(in_color) - in_8_bits(picture)).max() <= 6


def test_each_frame_of_an_animation_is_converted():
    frames = [Image.fromarray(np.roll(smooth(), 4 * number, axis=1)) for number in range(3)]
    file = BytesIO()
    frames[0].save(file, "AVIF", quality=100, save_all=True, append_images=frames[1:], duration=100)
    data = renamed(file.getvalue(), 12, 13)
    picture = decode_bytes(data)
    assert len(picture.frames) == 3
    assert picture.restore.codes == (12, 13)
    result = encode_bytes(picture, "avif")
    assert result.count(b"colrnclx\0\x0c\0\x0d") == 2
    track_only = data.replace(b"colrnclx", b"freenclx", 1)
    assert codes_of_boxes(track_only) == (12, 13)


def test_boxes_of_the_main_picture_count_and_damaged_ones_do_not():
    data = avif(smooth(), 9, 14)
    assert codes_of_boxes(data) == (9, 14)
    for end in range(0, data.index(b"mdat"), 7):
        assert codes_of_boxes(data[:end]) in (None, (9, 14))
    # The last property of the picture becomes its size once more: what is left belongs to another one.
    loose = bytearray(data)
    loose[data.index(b"ipma") + 18] = 1
    assert data[data.index(b"ipma") + 15 :][:4] == b"\1\2\x83\4"
    assert codes_of_boxes(bytes(loose)) == (1, 13)  # of the pixels


def test_a_mosaic_has_the_colors_of_its_parts():
    """The data of the item lie in a box (construction method 1), not in the AV1 stream."""
    data = avif(smooth(), 9, 14)
    place = data.index(b"iloc")
    table = data[place + 4 : place + 4 + 22]
    assert table[:8] == b"\0\0\0\0\x44\0\0\1"
    moved = b"\1\0\0\0\x44\0\0\1" + table[8:10] + b"\0\1" + table[10:]
    size = struct.pack(">I", len(moved) + 8)
    mosaic = data[: place - 4] + size + b"iloc" + moved + data[place + 26 :]
    grown = data.index(b"meta") - 4
    mosaic = (
        mosaic[:grown] + struct.pack(">I", struct.unpack_from(">I", data, grown)[0] + 2) + mosaic[grown + 4 :]
    )
    loose = bytearray(mosaic)
    loose[mosaic.index(b"ipma") + 18] = 1
    assert codes_of_boxes(bytes(loose)) == (9, 14)


def _named_by_its_pixels(data, primaries, transfer):
    """The AVIF without nclx; the AV1 sequence header (section 5.5.2) names the space instead."""
    place = data.index(b"mdat") + 4
    bits = "".join(f"{byte:08b}" for byte in data[place : place + 24])
    before, after = f"1{1:08b}{13:08b}{6:08b}", f"1{primaries:08b}{transfer:08b}{6:08b}"
    assert bits.count(before) == 1
    header = int(bits.replace(before, after), 2).to_bytes(24)
    return data[:place].replace(b"colrnclx", b"freenclx") + header + data[place + 24 :]


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("codes", [(12, 13), (9, 16), (1, 13)])
def test_without_a_box_the_header_of_the_pixels_counts(codes, moving):
    picture, file = Image.fromarray(smooth()), BytesIO()
    options = {"save_all": True, "append_images": [picture.rotate(180)]} if moving else {}
    picture.save(file, "AVIF", **options)
    data = _named_by_its_pixels(file.getvalue(), *codes)
    assert codes_of_boxes(data) == codes
    assert decode_bytes(data).warnings == (("hdr_to_sdr",) if codes[1] == 16 else ())
    for place in range(data.index(b"mdat"), data.index(b"mdat") + 20):
        codes_of_boxes(data[:place])
        codes_of_boxes(data[:place] + b"\xff" + data[place + 1 :])


def test_every_code_with_a_formula_was_tried():
    assert {space[1] for space in SPACES} | {15} == set(LIGHT)
    assert {space[0] for space in SPACES} == set(TO_SRGB)
