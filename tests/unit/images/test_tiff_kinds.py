"""Rare kinds of TIFF pages, made from the specification, and errors for unsupported ones."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode_bytes
from tests.unit.images.tiff_bytes import Form, make_tiff, tiff_of


@pytest.fixture
def numbers():
    return np.random.default_rng(0).integers(0, 2**16, (19, 23, 4))


@pytest.mark.parametrize(
    ("count", "bits"), [*((3, bits) for bits in (2, 4, 6, 10, 12, 14)), (1, 6), (1, 10), (1, 14)]
)
@pytest.mark.parametrize("form", [{}, {"order": ">", "big": True}], ids=["plain", "big-endian BigTIFF"])
def test_odd_bits_keep_their_depth(numbers, count, bits, form):
    samples = numbers[..., :count] % 2**bits
    frame = decode_bytes(tiff_of(samples, Form(bits, **form), 2 if count == 3 else 1)).frames[0]
    assert frame.is_sixteen_bit == (bits > 8)
    top = 65535 if bits > 8 else 255
    assert np.array_equal(frame.pixels[..., :count], np.rint(samples * (top / (2**bits - 1))))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("count", [2, 4])
def test_colors_multiplied_with_opacity_are_divided_again(bits, count):
    top = 2**bits - 1
    color, alpha = np.full((5, 6, count - 1), top // 4), np.full((5, 6, 1), top // 2)
    stored = np.dstack((color, alpha))
    stored[0] = 0
    frame = decode_bytes(tiff_of(stored, Form(bits), 2 if count == 4 else 1, t338=("H", (1,)))).frames[0]
    assert np.abs(frame.pixels[1:].astype(int) - top // 2).max() <= 2
    assert frame.pixels[0].max() == 0
    assert np.array_equal(frame.alpha, stored[..., -1])


def _blocks(planes, across, down, rows, columns=0):
    """Strips or tiles of Y, and of Cb and Cr for each block, laid out as in section 21."""
    height, width = planes.shape[:2]
    rows_of_parts = range(0, height, rows)
    for top in rows_of_parts:
        for left in range(0, width, columns or width):
            part = planes[top : top + rows, left : left + (columns or width)]
            tall = rows if columns else len(part)
            fill = ((0, tall - len(part) + -tall % down), (0, (columns or width) - part.shape[1]), (0, 0))
            full = np.pad(part, fill, mode="edge")
            full = np.pad(full, ((0, 0), (0, -full.shape[1] % across), (0, 0)), mode="edge")
            yield b"".join(
                full[y : y + down, x : x + across, 0].tobytes() + full[y, x, 1:].tobytes()
                for y in range(0, len(full), down)
                for x in range(0, full.shape[1], across)
            )


def _ycbcr(planes, across, down, rows, columns=0, **more):
    height, width = planes.shape[:2]
    tags = {
        **{256: ("I", (width,)), 257: ("I", (height,)), 258: ("H", (8, 8, 8)), 259: ("H", (1,))},
        **{262: ("H", (6,)), 277: ("H", (3,)), 278: ("I", (rows,)), 530: ("H", (across, down))},
        **({322: ("H", (columns,)), 323: ("H", (rows,))} if columns else {}),
        **{int(name[1:]): value for name, value in more.items()},
    }
    segments = list(_blocks(planes, across, down, rows, columns))
    return make_tiff(tags, segments, tiles=bool(columns))


@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 1), (2, 2), (4, 2), (4, 4)])
@pytest.mark.parametrize(("rows", "columns"), [(100, 0), (8, 0), (16, 16)])
def test_brightness_and_color_of_blocks(across, down, rows, columns):
    generator = np.random.default_rng(0)
    light = generator.integers(0, 256, (21, 27, 1), dtype=np.uint8)
    color = generator.integers(0, 256, (21, 27, 2), dtype=np.uint8)[::down, ::across]
    color = color.repeat(down, 0).repeat(across, 1)[:21, :27]
    planes = np.dstack((light, color))
    picture = decode_bytes(_ycbcr(planes, across, down, rows, columns))
    wanted = np.array(Image.fromarray(planes, "YCbCr").convert("RGB")).astype(int)
    assert np.abs(picture.pixels - wanted).max() <= 1


def test_brightness_without_a_word_on_blocks_has_blocks_of_two_by_two():
    planes = np.full((4, 4, 3), (100, 128, 128), np.uint8)
    data = _ycbcr(planes, 2, 2, 4).replace(b"\x12\x02\x03\x00", b"\x13\x02\x03\x00")
    assert (decode_bytes(data).pixels == 100).all()


def test_levels_of_video_are_stretched():
    levels = ("R", (16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1))
    planes = np.array([[(16, 128, 128), (235, 128, 128), (81, 90, 240)]], np.uint8)  # black, white, red
    pixels = decode_bytes(_ycbcr(planes, 1, 1, 1, t532=levels)).pixels
    assert np.abs(pixels[0].astype(int) - [(0, 0, 0), (255, 255, 255), (255, 0, 0)]).max() <= 2


def _files(pixels, name, rows, columns, **options):
    """Each tile as a separate file, padded at the edges."""
    fill = ((0, -pixels.shape[0] % rows), (0, -pixels.shape[1] % columns), (0, 0))
    full = np.pad(pixels, fill)
    for top in range(0, full.shape[0], rows):
        for left in range(0, full.shape[1], columns):
            file = BytesIO()
            part = np.ascontiguousarray(full[top : top + rows, left : left + columns].squeeze())
            Image.fromarray(part).save(file, name, **options)
            yield file.getvalue()


_WEBP = (50001, "WEBP", {"lossless": True, "exact": True})
_JPEG_2000, _APERIO = (34712, "JPEG2000", {}), (33005, "JPEG2000", {})


@pytest.mark.parametrize(
    ("method", "name", "options", "count"),
    [(*_WEBP, 3), (*_WEBP, 4), (*_JPEG_2000, 1), (*_JPEG_2000, 3), (*_JPEG_2000, 4), (*_APERIO, 3)],
)
@pytest.mark.parametrize("big", [False, True])
def test_tiles_that_are_files(numbers, method, name, options, count, big):
    samples = (numbers[..., :count] % 256).astype(np.uint8)
    tags = {
        **{256: ("I", (23,)), 257: ("I", (19,)), 258: ("H", (8,) * count), 259: ("H", (method,))},
        **{262: ("H", (1 if count == 1 else 2,)), 277: ("H", (count,)), 322: ("H", (16,)), 323: ("H", (16,))},
    }
    files = list(_files(samples, name, 16, 16, **options))
    data = make_tiff(tags, files, order=">" if big else "<", big=big, tiles=True)
    frame = decode_bytes(data).frames[0]
    assert np.array_equal(frame.pixels, np.broadcast_to(samples[..., :3], (19, 23, 3)))
    assert count != 4 or np.array_equal(frame.alpha, samples[..., 3])
    with pytest.raises(ImageError) as caught:
        decode_bytes(make_tiff(tags | {322: ("H", (15,))}, files, big=big, tiles=True))
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_jpeg_in_any_layout(make_jpeg_tiff, order, big):
    data, wanted = make_jpeg_tiff(order, big)
    assert np.array_equal(decode_bytes(data).pixels, wanted)


@pytest.fixture
def make_jpeg_tiff():
    def make(order, big):
        smooth = np.linspace(0, 255, 32 * 40 * 3).reshape(32, 40, 3).astype(np.uint8)
        file = BytesIO()
        Image.fromarray(smooth).save(file, "JPEG", subsampling=0, quality=95)
        tags = {
            **{256: ("I", (40,)), 257: ("I", (32,)), 258: ("H", (8, 8, 8)), 259: ("H", (7,))},
            **{262: ("H", (6,)), 277: ("H", (3,)), 278: ("I", (32,)), 530: ("H", (1, 1))},
        }
        return make_tiff(tags, [file.getvalue()], order=order, big=big), np.array(Image.open(file))

    return make


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("scale", [257, 1])
def test_palettes(bits, scale):
    count = 2**bits
    colors = np.random.default_rng(0).integers(0, 256, (count, 3))
    colors[0] = 255
    indices = np.arange(40).reshape(4, 10, 1) % count
    frame = decode_bytes(
        tiff_of(indices, Form(bits), 3, t320=("H", (colors.T.ravel() * scale).tolist()))
    ).frames[0]
    assert np.array_equal(frame.pixels, colors[indices[..., 0]])
    assert not frame.gray


def test_further_channels_are_left_out_and_named(numbers):
    samples = numbers % 256
    picture = decode_bytes(tiff_of(samples, Form(), 2, t338=("H", (0,))))
    assert np.array_equal(picture.pixels, samples[..., :3])
    assert picture.frames[0].alpha is None
    assert picture.warnings == ("channels",)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_sizes_of_plain_strips_do_not_matter(numbers, bits):
    samples = numbers[..., :3] % 2**bits
    whole = decode_bytes(tiff_of(samples, Form(bits, rows=8), 2)).pixels
    for sizes in ((1, 1, 1), (10**6,) * 3, (7,)):
        data = tiff_of(samples, Form(bits, rows=8), 2, t279=("I", sizes))
        assert np.array_equal(decode_bytes(data).pixels, whole)


def test_the_last_strip_may_be_filled_up(numbers):
    samples = numbers[..., :3] % 256
    filled = np.concatenate((samples, np.zeros((5, 23, 3), int)))
    for method in (5, 8, 32773, 34925):
        data = tiff_of(filled, Form(method=method, rows=8), 2, t257=("I", (19,)))
        assert np.array_equal(decode_bytes(data).pixels, samples)


_UNREAD = {
    "JPEG XL": {"t259": ("H", (50002,))},
    "LERC": {"t259": ("H", (34887,))},
    "JPEG XR": {"t259": ("H", (34934,))},
    "LogLuv": {"t262": ("H", (32845,))},
    r"L\*a\*b\*": {"t262": ("H", (8,))},
    "method 64999": {"t259": ("H", (64999,))},
    "12 bits and JPEG compression": {"t258": ("H", (12,) * 3), "t259": ("H", (7,))},
    "predictor 3": {"t259": ("H", (8,)), "t317": ("H", (3,))},
    "different bits": {"t258": ("H", (5, 6, 5))},
    "32-bit": {"t258": ("H", (32,) * 3)},
    "floating-point": {"t258": ("H", (16,) * 3), "t339": ("H", (3,) * 3)},
    "40 samples": {"t277": ("H", (40,))},
    "3 samples per pixel and photometric interpretation 1": {"t262": ("H", (1,))},
    "3 samples per pixel and photometric interpretation 5": {"t262": ("H", (5,))},
    "not cover": {"t278": ("I", (1,))},
    "size 0": {"t278": ("I", (0,))},
}


@pytest.mark.parametrize("what", _UNREAD)
def test_what_is_not_read_is_named(numbers, what):
    with pytest.raises(ImageError, match=what) as caught:
        decode_bytes(tiff_of(numbers[..., :3] % 256, Form(), 2, **_UNREAD[what]))
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize("offset", [0, 10**6, 2**32 - 1])
@pytest.mark.parametrize("method", [1, 5])
def test_strips_that_are_nowhere_are_truncated(numbers, offset, method):
    """A program that was stopped leaves 0 in place of the offset of a strip."""
    form = Form(method=method, rows=19)
    with pytest.raises(ImageError) as caught:
        decode_bytes(tiff_of(numbers[..., :3] % 256, form, 2, t273=("I", (offset,)), t279=("I", (0,))))
    assert caught.value.code == "truncated"


@pytest.mark.parametrize("orientation", [1, 6])
def test_old_jpeg_is_read_and_turned_once(make_jpeg_tiff, orientation):
    plain, wanted = make_jpeg_tiff("<", False)
    jpeg = plain[plain.index(b"\xff\xd8") :]

    def file(offset):
        tags = {
            **{256: ("I", (40,)), 257: ("I", (32,)), 258: ("H", (8, 8, 8)), 259: ("H", (6,))},
            **{262: ("H", (6,)), 274: ("H", (orientation,)), 277: ("H", (3,)), 278: ("I", (32,))},
            **{512: ("H", (1,)), 513: ("I", (offset,)), 514: ("I", (len(jpeg),)), 530: ("H", (1, 1))},
        }
        return make_tiff(tags, [jpeg])

    data = file(file(0).index(jpeg))
    upright = np.rot90(wanted, -1) if orientation == 6 else wanted
    assert np.array_equal(decode_bytes(data).pixels, upright)
    with pytest.raises(ImageError) as caught:
        decode_bytes(data[:-100])
    assert caught.value.code == "truncated"
