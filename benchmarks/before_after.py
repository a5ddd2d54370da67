"""Makes a picture of rows: dark, enhanced by the shipped model, and the bright partner where there is one.

python benchmarks/before_after.py OUT.jpg DARK[=BRIGHT] ...
"""

import argparse
from pathlib import Path

import torch
from PIL import Image, ImageOps

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.images.pixels import to_images
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer

CELL = (480, 320)
GAP = 6


def main() -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("rows", nargs="+", metavar="DARK[=BRIGHT]")
    parser.add_argument("--checkpoint", type=Path, help="weights in place of the shipped ones")
    arguments = parser.parse_args()
    enhancer = load_enhancer("codeenhance", checkpoint=arguments.checkpoint)
    rows = [row(enhancer, *map(Path, text.split("="))) for text in arguments.rows]
    columns = max(map(len, rows))
    width, height = CELL[0] + GAP, CELL[1] + GAP
    sheet = Image.new("RGB", (columns * width - GAP, len(rows) * height - GAP), "white")
    for y, cells in enumerate(rows):
        for x, cell in enumerate(cells):
            sheet.paste(cell, (x * width, y * height))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(arguments.out, quality=88)


def row(enhancer: Enhancer, dark: Path, bright: Path | None = None) -> list[Image.Image]:
    """Cells of one scene."""
    images = to_images([decode(dark).pixels])
    padded = pad_to_multiple(images, enhancer.size_multiple)
    with torch.inference_mode():
        made = crop(enhancer.enhance(padded, Controls()), *images.shape[2:])
    cells = [as_cell(images), as_cell(made)]
    return cells if bright is None else [*cells, as_cell(to_images([decode(bright).pixels]))]


def as_cell(images: torch.Tensor) -> Image.Image:
    """One picture, cut to the size of a cell."""
    pixels = (images[0].permute(1, 2, 0) * 255).round().byte().numpy()
    return ImageOps.fit(Image.fromarray(pixels), CELL)


if __name__ == "__main__":
    main()
