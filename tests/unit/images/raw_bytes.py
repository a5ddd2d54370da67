"""Makes camera raw files from the DNG specification."""

from io import BytesIO

import numpy as np
from PIL import Image

from tests.unit.images.tiff_bytes import make_tiff

TILE = 64
"""Rows and columns of a tile."""


def make_lossy_dng():
    """Four JPEG tiles of three colors, as phones and Adobe's converter write lossy DNG."""
    generator = np.random.default_rng(0)
    jpegs = []
    for _ in range(4):
        file = BytesIO()
        tile = generator.integers(40, 90, (TILE, TILE, 3), dtype=np.uint8)
        Image.fromarray(tile).save(file, "JPEG", quality=90, subsampling=0)
        jpegs.append(file.getvalue())
    one = (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)
    tags = {
        **{254: ("I", (0,)), 256: ("I", (2 * TILE,)), 257: ("I", (2 * TILE,)), 258: ("H", (8, 8, 8))},
        **{259: ("H", (34892,)), 262: ("H", (34892,)), 277: ("H", (3,)), 284: ("H", (1,))},
        **{322: ("H", (TILE,)), 323: ("H", (TILE,)), 50706: ("B", (1, 4, 0, 0))},
        **{
            271: ("B", tuple(b"Maker\0")),
            272: ("B", tuple(b"Model\0")),
            50708: ("B", tuple(b"Maker Model\0")),
        },
        **{50717: ("I", (255, 255, 255)), 50721: ("R", one), 50728: ("R", (1, 1) * 3), 50778: ("H", (21,))},
    }
    return make_tiff(tags, jpegs, tiles=True), sum(map(len, jpegs))
