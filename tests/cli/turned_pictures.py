"""Pictures that EXIF turns, with a bright thing and its annotation."""

from pathlib import Path

import numpy as np
from PIL import Image

XML = (
    "<annotation><filename>{name}</filename><size><width>{width}</width><height>{height}</height></size>"
    "<object><name>Dog</name><bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox>"
    "</object></annotation>"
)
THING = (10, 6, 34, 18)
"""Left, top, right, bottom of a bright thing on the rows as stored."""


def write_turned(path: Path, orientation: int, size=(60, 40)) -> None:
    """A dark picture with one bright thing, and its annotation on the rows as stored."""
    pixels = np.full((size[1], size[0], 3), 8, np.uint8)
    left, top, right, bottom = THING
    pixels[top:bottom, left:right] = 190
    exif = Image.Exif()
    exif[0x0112] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, exif=exif, quality=98, subsampling=0)
    annotation = path.parents[1] / "Annotations" / f"{path.stem}.xml"
    annotation.parent.mkdir(exist_ok=True)
    annotation.write_text(XML.format(*THING, name=path.name, width=size[0], height=size[1]))
