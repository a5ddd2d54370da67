import hashlib

import pytest
from PIL import Image

from lowlight_cli.detection.choices import Link
from lowlight_cli.detection.place_original import place_original


@pytest.mark.parametrize("link", list(Link))
def test_a_picture_is_placed_once_and_never_changed(tmp_path, make_picture, link):
    source = make_picture(tmp_path / "in" / "a.jpg")
    before = hashlib.sha256(source.read_bytes()).digest()
    target = tmp_path / "out" / "images" / "a.jpg"

    assert place_original(source, target, link, is_ready=True)
    assert not place_original(source, target, link, is_ready=True)

    assert target.read_bytes() == source.read_bytes()
    assert hashlib.sha256(source.read_bytes()).digest() == before
    assert target.is_symlink() == (link is Link.SYMLINK)
    assert (target.stat().st_ino == source.stat().st_ino) == (link is not Link.COPY)
    assert [path.name for path in target.parent.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("link", list(Link))
def test_a_turned_picture_is_written_upright(tmp_path, make_picture, link):
    source = make_picture(tmp_path / "a.jpg", (48, 32), orientation=6)
    target = tmp_path / "out" / "a.jpg"

    assert place_original(source, target, link, is_ready=False)
    assert not place_original(source, target, link, is_ready=False)

    with Image.open(target) as image:
        assert image.size == (32, 48)
        assert image.getexif().get(0x0112, 1) == 1


def test_a_changed_picture_is_placed_again(tmp_path, make_picture):
    source, target = make_picture(tmp_path / "a.png"), tmp_path / "out" / "a.png"
    place_original(source, target, Link.COPY, is_ready=True)
    make_picture(source, (64, 32))

    assert place_original(source, target, Link.COPY, is_ready=True)
    assert target.read_bytes() == source.read_bytes()


def test_an_animation_becomes_a_picture_that_trainers_read(tmp_path):
    frames = [Image.new("RGB", (48, 32), (shade, 0, 0)) for shade in (10, 90)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])

    assert place_original(tmp_path / "a.gif", tmp_path / "out" / "a.png", Link.COPY, is_ready=False)

    with Image.open(tmp_path / "out" / "a.png") as image:
        assert (image.format, getattr(image, "n_frames", 1), image.getpixel((0, 0))[0]) == ("PNG", 1, 10)
