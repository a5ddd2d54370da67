"""Makes files that name their color space without a profile: by nclx, cICP, gAMA or cHRM."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image

from tests.unit.images.png_bytes import make_png


def avif(samples, primaries, transfer, **options):
    """A nearly lossless AVIF of uint8 samples (h, w, 3)."""
    file = BytesIO()
    Image.fromarray(samples).save(file, "AVIF", quality=100, subsampling="4:4:4", **options)
    return renamed(file.getvalue(), primaries, transfer)


def renamed(data, primaries, transfer):
    """The file with other code points in each nclx box."""
    parts = data.split(b"colrnclx")
    assert len(parts) > 1
    codes = struct.pack(">HH", primaries, transfer)
    return parts[0] + b"".join(b"colrnclx" + codes + part[4:] for part in parts[1:])


def named(data):
    """Code points of the first nclx of a file."""
    return struct.unpack_from(">HH", data, data.index(b"colrnclx") + 8)


def heic(samples, primaries, transfer):
    """A HEIC of 8 or 10 bits, lossless in YCbCr; needs pillow_heif."""
    import pillow_heif

    file, mode = BytesIO(), "RGB" if samples.dtype == np.uint8 else "RGB;16"
    picture = pillow_heif.from_bytes(mode, samples.shape[1::-1], samples.tobytes())
    codes = {"color_primaries": primaries, "transfer_characteristics": transfer}
    picture.save(file, quality=-1, chroma=444, matrix_coefficients=6, full_range_flag=1, **codes)
    return file.getvalue()


def png(samples, *chunks):
    """A PNG of 8 or 16 bits, gray or RGB, with chunks before its pixels."""
    height, width, channels = samples.shape
    rows = samples.astype(samples.dtype.newbyteorder(">")).view(np.uint8).reshape(height, -1)
    stream = np.hstack((np.zeros((height, 1), np.uint8), rows)).tobytes()
    return make_png(width, height, samples.dtype.itemsize * 8, 2 if channels == 3 else 0, stream, *chunks)


def cicp(primaries, transfer, matrix=0, full_range=1):
    """A cICP chunk."""
    return b"cICP", bytes((primaries, transfer, matrix, full_range))


def gama(number):
    """A gAMA chunk, in units of 1/100000."""
    return b"gAMA", struct.pack(">I", number)


def chrm(*points):
    """A cHRM chunk of white, red, green and blue."""
    return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for point in points for number in point))
