"""Files that other programs stumble over, one by one, with the options that matter to them."""

import io
import sys
import time

import numpy
import pytest
from PIL import Image

from tests.cli.adverse_bytes import bomb, cut, dark, float_tiff, moving, pages, saved
from tests.cli.adverse_checks import opened, samples
from tests.unit.images.icc_bytes import DISPLAY_P3
from tests.unit.images.photos import make_photo
from tests.unit.images.test_extras import make_dng


def test_transparency_needs_a_background_in_a_jpeg(one):
    picture = saved(dark("RGBA"), "PNG")
    run, item, result = one("a.png", picture, "-f", "jpg", result="a.jpg")
    assert (run.code, item["error"]["code"]) == (4, "unsupported")
    assert "--flatten" in item["error"]["msg"]
    assert not result.exists()
    run, item, result = one("a.png", picture, "-f", "jpg", "--flatten", "white", result="a.jpg")
    assert (run.code, opened(result).mode) == (0, "RGB")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_what_is_there_of_a_file_can_be_asked_for(one, form):
    suffix = {"JPEG": "jpg"}.get(form, form.lower())
    data = saved(dark(size=(300, 200)), form)
    run, item, result = one(f"a.{suffix}", cut(data, 0.5), "--allow-truncated")
    assert (run.code, item["status"]) == (0, "ok")
    assert "degraded" in item["warn"]
    after, before = numpy.asarray(opened(result), int), numpy.asarray(dark(size=(300, 200)), int)
    assert after.shape == before.shape
    assert abs(after - before)[:60].mean() < 4


@pytest.mark.parametrize("policy", ["keep", "safe", "strip"])
@pytest.mark.parametrize("target", ["jpg", "png", "tiff", "webp", "avif"])
def test_metadata_are_limited_in_every_format(one, policy, target):
    run, item, result = one(
        "a.jpg", make_photo("jpg").data, "-f", target, "--metadata", policy, result=f"a.{target}"
    )
    assert run.code == 0
    exif, content = opened(result).getexif(), result.read_bytes()
    assert (271 in exif) == (policy != "strip")
    assert bool(exif.get_ifd(0x8825)) == (policy == "keep")
    assert (b"SERIAL123" in content) == (policy == "keep")
    assert b"THUMBNAIL" not in content
    lossy = policy != "strip" and target in ("webp", "avif")  # no place for IPTC
    assert item["warn"] == (["metadata"] if lossy else [])


def test_damaged_metadata_are_a_warning_and_not_a_failure(one):
    data = bytearray(make_photo("jpg").data)
    place = data.index(b"http://ns.adobe.com/xap") + 400
    data[place : place + 3] = b"<<<"
    run, item, result = one("a.jpg", bytes(data))
    assert (run.code, item["warn"]) == (0, ["metadata"])
    assert opened(result).getexif()[271] == "Maker"


def test_a_profile_can_be_left_behind(one):
    _, _, result = one("a.png", saved(dark(), "PNG", icc_profile=DISPLAY_P3), "--icc", "srgb")
    assert opened(result).info.get("icc_profile") != DISPLAY_P3


def test_sixteen_bits_can_be_asked_for_and_given_up(one):
    _, _, result = one("a.png", saved(dark(), "PNG"), "--bit-depth", "16")
    assert samples(result).dtype == numpy.uint16
    _, _, result = one("b.png", result.read_bytes(), "--bit-depth", "8")
    assert numpy.array_equal(numpy.asarray(opened(result)), numpy.asarray(dark()))


@pytest.mark.parametrize(("name", "make"), [("a.gif", lambda: moving("GIF", "P")), ("a.tiff", pages)])
def test_frames_can_be_left_out_or_refused(one, name, make):
    run, item, _ = one(name, make(), "--frames", "error")
    assert (run.code, item["error"]["code"]) == (4, "unsupported")
    run, _, result = one(name, make(), "--frames", "first")
    assert (run.code, getattr(opened(result), "n_frames", 1)) == (0, 1)


@pytest.mark.parametrize(("options", "result"), [((), "a.jpg"), (("--bit-depth", "16"), "a.tiff")])
def test_raw_becomes_a_picture_and_never_raw(one, options, result):
    pytest.importorskip("rawpy")
    run, _, path = one("a.dng", make_dng(), *options, result=result)
    assert run.code == 0, run.err
    assert opened(path).size == (64, 48)


def test_heic_becomes_a_jpeg(one):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(dark(size=(64, 48))).save(file, quality=95)
    run, _, path = one("a.heic", file.getvalue(), result="a.jpg")
    assert run.code == 0, run.err
    assert opened(path).size == (64, 48)


@pytest.mark.parametrize(
    ("module", "name", "make"),
    [("rawpy", "a.dng", make_dng), ("pillow_heif", "a.heic", lambda: b"\0\0\0\x18ftypheic" + bytes(99))],
)
def test_an_extra_that_is_missing_is_named(one, monkeypatch, module, name, make):
    monkeypatch.setitem(sys.modules, module, None)
    run, item, _ = one(name, make())
    assert run.code in (4, 7)
    assert "pip install 'lowlight-cli[" in item["error"]["msg"]


def test_a_bomb_is_refused_at_once(one):
    start = time.perf_counter()
    _, item, _ = one("a.png", bomb())
    assert item["error"]["code"] == "too_large"
    assert time.perf_counter() - start < 10  # most of it is spent on starting
    assert one("b.png", saved(dark(), "PNG"), "--max-pixels", "1000")[1]["error"]["code"] == "too_large"


@pytest.mark.slow
def test_a_panorama_of_180_megapixels_is_taken(one):
    run, item, _ = one("a.png", saved(Image.new("L", (18_000, 10_000), 9), "PNG", compress_level=1))
    assert (run.code, item["w"], item["h"]) == (0, 18_000, 10_000)


def test_not_a_number_is_named(one):
    assert "float" in one("a.tiff", float_tiff(float("nan")))[1]["error"]["msg"].lower()
