"""Animations keep all frames as displayed, with their durations."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageSequence, features

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs import read_pillow
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.settings import ReadSettings, WriteSettings

DURATIONS = [100, 200, 300, 50]
FORMS = [
    *[("gif", "GIF"), ("png", "PNG"), ("webp", "WEBP")],
    pytest.param("avif", "AVIF", marks=pytest.mark.skipif(not features.check("avif"), reason="no AVIF here")),
]


def _frames(mode):
    """A bright patch and a transparent hole that move over a changing background."""
    frames = []
    for number in range(4):
        pixels = np.zeros((14, 20, 4), np.uint8)
        pixels[...] = (20 * number, 60, 90, 255)
        pixels[2:6, 2 + number : 6 + number] = (255, 200, 10 * number, 255)
        pixels[6:9, 2 + 2 * number : 5 + 2 * number, 3] = 0
        frames.append(Image.fromarray(pixels).convert(mode))
    return frames


def _animation(form, mode="RGB", frames=None, **options):
    frames = frames or _frames(mode)
    file = BytesIO()
    options = {"duration": DURATIONS} | options
    options |= {"lossless": True} if form == "WEBP" else {}
    frames[0].save(file, form, save_all=True, append_images=frames[1:], **options)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_animation_is_written_in_8_bits_whatever_depth_is_wanted(mode):
    data = encode_bytes(decode_bytes(_animation("PNG", mode)), "png", WriteSettings(bit_depth="16"))
    again = decode_bytes(data)
    assert len(again.frames) == len(DURATIONS)
    assert not any(frame.is_sixteen_bit for frame in again.frames)


@pytest.mark.parametrize(("name", "form"), FORMS)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_frames_times_and_loops_are_kept(name, form, mode):
    picture = decode_bytes(_animation(form, mode, loop=3))
    again = decode_bytes(encode_bytes(picture, name))
    # Pillow writes a GIF's own number, which counts the repetitions after the first showing.
    times = {"avif": None, "gif": 4}.get(name, 3)
    for each in (picture, again):
        assert [frame.duration_ms for frame in each.frames] == DURATIONS
        assert each.restore.loop == times
        assert all((frame.alpha is not None) == (mode == "RGBA") for frame in each.frames)
        assert not each.restore.pages
    for frame, other in zip(picture.frames, again.frames, strict=True):
        if mode == "RGBA":
            assert np.array_equal(frame.alpha, other.alpha)
        if name in ("gif", "png") and mode == "RGB":
            assert np.array_equal(frame.pixels, other.pixels)


@pytest.mark.parametrize(
    ("form", "disposal"), [*(("GIF", way) for way in range(4)), *(("PNG", way) for way in range(3))]
)
def test_frames_are_what_a_viewer_shows(form, disposal):
    """Later frames are stored as small patches; Pillow's own composition is the reference."""
    data = _animation(form, "RGBA", disposal=disposal)
    with Image.open(BytesIO(data)) as image:
        shown = [np.array(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]
    picture = decode_bytes(data)
    assert len(picture.frames) == len(shown) == 4
    for frame, expected in zip(picture.frames, shown, strict=True):
        alpha = np.full(frame.pixels.shape[:2], 255) if frame.alpha is None else frame.alpha
        assert np.array_equal(alpha, expected[..., 3])
        assert np.array_equal(frame.pixels[alpha > 0], expected[alpha > 0][:, :3])


def test_a_gif_that_says_nothing_is_shown_once_in_any_format():
    picture = decode_bytes(_animation("GIF"))
    assert picture.restore.loop is None
    assert b"NETSCAPE" not in encode_bytes(picture, "gif")
    assert decode_bytes(encode_bytes(picture, "webp")).restore.loop == 1
    assert decode_bytes(encode_bytes(picture, "png")).restore.loop == 1


def test_equal_neighbors_may_become_one_frame_of_the_same_time():
    first, second, *_ = _frames("RGB")
    picture = decode_bytes(_animation("PNG", frames=[first, second], duration=[40, 60]))
    doubled = picture.frames[:1] * 2 + picture.frames[1:]
    again = decode_bytes(encode_bytes(replace(picture, frames=doubled), "png"))
    assert sum(frame.duration_ms for frame in again.frames) == 140


def test_the_picture_before_an_animation_stays_before_it():
    picture = decode_bytes(_animation("PNG", default_image=True, duration=DURATIONS[:3]))
    again = decode_bytes(encode_bytes(picture, "png"))
    for each in (picture, again):
        assert [frame.duration_ms for frame in each.frames] == [None, *DURATIONS[:3]]


def test_gray_animations_stay_gray():
    picture = decode_bytes(_animation("PNG", "L"))
    assert all(frame.gray for frame in picture.frames)
    with Image.open(BytesIO(encode_bytes(picture, "png"))) as image:
        assert (image.mode, image.n_frames) == ("L", 4)


def test_the_first_frame_or_none_can_be_asked_for():
    data = _animation("GIF")
    assert len(decode_bytes(data, ReadSettings(frames="first")).frames) == 1
    with pytest.raises(ImageError, match="4 frames") as caught:
        decode_bytes(data, ReadSettings(frames="error"))
    assert caught.value.code == "unsupported"
    assert (
        len(decode_bytes(encode_bytes(decode_bytes(data, ReadSettings(frames="first")), "gif")).frames) == 1
    )


@pytest.mark.parametrize("name", ["jpg", "tiff"])
def test_animations_do_not_become_one_picture_in_silence(name):
    with pytest.raises(ImageError, match="--format webp or --frames first"):
        encode_bytes(decode_bytes(_animation("GIF")), name, WriteSettings(flatten=(0, 0, 0)))


def test_many_frames_together_are_bounded():
    data = _animation("GIF")
    decode_bytes(data, ReadSettings(max_pixels=280))
    with pytest.raises(ImageError) as caught:
        decode_bytes(data, ReadSettings(max_pixels=279))
    assert caught.value.code == "too_large"
    frames = [Image.new("RGB", (10, 10), (shade, 0, 0)) for shade in range(0, 250, 50)]
    with pytest.raises(ImageError, match="5 frames"):
        decode_bytes(_animation("GIF", frames=frames, duration=10), ReadSettings(max_pixels=120))


def test_an_animation_keeps_its_profile_and_exif():
    exif = Image.Exif()
    exif[271] = "Maker"
    picture = decode_bytes(_animation("WEBP", exif=exif.tobytes()))
    for name in ("webp", "png", "avif"):
        with Image.open(BytesIO(encode_bytes(picture, name))) as image:
            assert image.getexif()[271] == "Maker"
            assert image.n_frames == 4


def test_frames_of_different_sizes_are_refused(monkeypatch):
    data, sizes = _animation("WEBP"), iter(range(1, 9))
    monkeypatch.setattr(read_pillow, "samples_of", lambda _: np.zeros((next(sizes), 5, 3), np.uint8))
    with pytest.raises(ImageError, match="different sizes") as caught:
        decode_bytes(data)
    assert caught.value.code == "unreadable"
