"""Camera raw with truncated sensor data is rejected, which LibRaw would fill in."""

import struct

import numpy as np
import pytest

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.read_raw import check_raw
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.settings import ReadSettings
from tests.unit.images.raw_bytes import TILE, make_lossy_dng
from tests.unit.images.test_extras import make_dng
from tests.unit.images.tiff_bytes import make_tiff

pytest.importorskip("rawpy")


def test_a_whole_lossy_dng_is_developed():
    picture = decode_bytes(make_lossy_dng()[0])
    assert picture.restore.format == "raw"
    assert picture.pixels.shape == (2 * TILE, 2 * TILE, 3)
    assert picture.pixels.mean() > 1000
    assert picture.warnings == ()


@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 1.0])
def test_a_lossy_dng_without_its_last_tiles_is_truncated(share):
    data, size = make_lossy_dng()
    cut = data[: len(data) - max(1, int(share * size))]
    with pytest.raises(ImageError) as caught:
        decode_bytes(cut)
    assert caught.value.code == "truncated"


@pytest.mark.parametrize("make", [make_dng, lambda: make_lossy_dng()[0]], ids=["plain", "lossy"])
def test_a_cut_raw_can_be_read_as_far_as_libraw_goes(make):
    data = make()
    whole, rest = decode_bytes(data), decode_bytes(data[:-300], ReadSettings(allow_truncated=True))
    assert rest.warnings == ("degraded",)
    assert np.array_equal(rest.pixels[:20], whole.pixels[:20])
    assert not np.array_equal(rest.pixels, whole.pixels)


@pytest.mark.parametrize("tag", [273, 324])
@pytest.mark.parametrize("kind", [0, 1])
def test_previews_may_be_missing_and_sensor_data_may_not(tag, kind):
    tags = {254: ("I", (kind,)), tag: ("I", (10**6,)), tag + (6 if tag == 273 else 1): ("I", (100,))}
    data = make_tiff(tags, [], tiles=tag == 324)
    if kind:
        check_raw(data)
    else:
        with pytest.raises(ImageError, match="beyond the end"):
            check_raw(data)


@pytest.mark.parametrize("missing", [0, 1, 500])
def test_fujifilm_states_where_its_sensor_data_lie(missing):
    header = b"FUJIFILMCCD-RAW ".ljust(100, b"\0") + struct.pack(">II", 200, 800)
    data = header.ljust(1000, b"\0")[: 1000 - missing]
    if missing:
        with pytest.raises(ImageError, match="beyond the end"):
            check_raw(data)
    else:
        check_raw(data)


@pytest.mark.parametrize("missing", [0, 1, 500])
def test_boxes_of_canon_reach_to_the_end(missing):
    boxes = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"crx ", 1, b"crx ", b"isom")
    data = (boxes + struct.pack(">I4s", 976, b"mdat")).ljust(1000, b"\0")[: 1000 - missing]
    if missing:
        with pytest.raises(ImageError, match="beyond the end"):
            check_raw(data)
    else:
        check_raw(data)
