"""Damaged files through the program as a shell starts it: one line each, none from the C libraries below."""

import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO

import numpy as np
import tifffile
from PIL import Image

from lowlight_cli.images.metadata.png_chunks import make_chunk
from tests.cli.adverse_bytes import dark, saved
from tests.unit.images.raw_bytes import make_lossy_dng
from tests.unit.images.test_extras import make_dng


def broken_tiff():
    """Strips that do not unpack: libtiff says so by itself."""
    data = bytearray(saved(dark(size=(300, 200)), "TIFF", compression="tiff_adobe_deflate"))
    data[200:260] = bytes(60)
    return bytes(data)


def broken_fax():
    """Bad code words, which libtiff lists one by one."""
    data = bytearray(saved(dark("1", (300, 200)), "TIFF", compression="group4"))
    data[60:200] = bytes(140)
    return bytes(data)


def broken_deep_tiff():
    file = BytesIO()
    tifffile.imwrite(file, np.zeros((40, 30, 3), np.uint16), photometric="rgb", compression="zlib")
    return file.getvalue()[:-40] + bytes(40)


def broken_deep_png():
    """Its checksums are right, its rows are not: libpng says so by itself."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 10, 10, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress((b"\x09" + bytes(60)) * 10)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(make_chunk(kind, content) for kind, content in chunks)


def broken_lossy_dng():
    """A tile whose JPEG data end too early: libjpeg says so by itself, and LibRaw develops the tile."""
    data = bytearray(make_lossy_dng()[0])
    data[-700:-698] = b"\xff\xd9"
    return bytes(data)


def strange_tiff():
    """A claim that Pillow logs as an error."""
    data = bytearray(saved(Image.new("RGB", (8, 8)), "TIFF"))
    place = data.index(struct.pack("<HH", 277, 3))  # samples per pixel
    data[place + 8 : place + 10] = struct.pack("<H", 2048)
    return bytes(data)


def test_damaged_files_cost_one_line_each(tmp_path, root):
    folder = tmp_path / "in"
    folder.mkdir()
    files = {
        "fax.tiff": broken_fax(),  # libtiff complains, and fills the gaps
        "good.png": saved(dark(), "PNG"),
        "strips.tiff": broken_tiff(),
        "deep.tiff": broken_deep_tiff(),
        "deep.png": broken_deep_png(),
        "lossy.dng": broken_lossy_dng(),
        "strange.tiff": strange_tiff(),
        "raw.dng": make_dng()[:-4000],
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)

    done = subprocess.run(
        [sys.executable, "-m", "lowlight_cli", "enhance", folder, "-o", tmp_path / "out", "-m", "identity"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "LLE_DEVICE": "cpu", "LLE_ENHANCE_WORKERS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )

    start, *failed, end, hint = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (3, "")
    assert start.startswith("8 images")
    assert [line.split()[:2] for line in failed] == [
        ["failed", str(folder / name)] for name in sorted(set(files) - {"fax.tiff", "good.png", "lossy.dng"})
    ]
    assert end.startswith("3 enhanced")
    assert "with --allow-truncated" in hint
