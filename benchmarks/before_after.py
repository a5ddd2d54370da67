"""Makes a picture of scenes: dark, enhanced by the shipped model, and the bright partner where there is one.

A scene is a row, or with ``--across`` a column, as in docs/images/before_after.jpg:

python benchmarks/before_after.py OUT.jpg [--across] [--cell 360x240] DARK[=BRIGHT] ...
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

GAP = 6


def main() -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("scenes", nargs="+", metavar="DARK[=BRIGHT]")
    parser.add_argument("--across", action="store_true", help="scenes side by side, not one below the other")
    parser.add_argument("--cell", default="480x320", metavar="WIDTHxHEIGHT", help="size of each image")
    parser.add_argument("--checkpoint", type=Path, help="weights in place of the shipped ones")
    arguments = parser.parse_args()
    enhancer = load_enhancer("codeenhance", checkpoint=arguments.checkpoint)
    width, height = map(int, arguments.cell.split("x"))
    scenes = [
        [ImageOps.fit(image, (width, height)) for image in images_of(enhancer, *map(Path, text.split("=")))]
        for text in arguments.scenes
    ]
    rows = list(zip(*scenes, strict=True)) if arguments.across else scenes
    columns = max(map(len, rows))
    size = (columns * (width + GAP) - GAP, len(rows) * (height + GAP) - GAP)
    sheet = Image.new("RGB", size, "white")
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            sheet.paste(cell, (x * (width + GAP), y * (height + GAP)))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(arguments.out, quality=88)


def images_of(enhancer: Enhancer, dark: Path, bright: Path | None = None) -> list[Image.Image]:
    """The images of one scene: dark, enhanced, and the bright one if there is one."""
    images = to_images([decode(dark).pixels])
    padded = pad_to_multiple(images, enhancer.size_multiple)
    with torch.inference_mode():
        made = crop(enhancer.enhance(padded, Controls()), *images.shape[2:])
    shown = [as_image(images), as_image(made)]
    return shown if bright is None else [*shown, as_image(to_images([decode(bright).pixels]))]


def as_image(images: torch.Tensor) -> Image.Image:
    """The first image of a batch, in 8 bits."""
    return Image.fromarray((images[0].permute(1, 2, 0) * 255).round().byte().numpy())


if __name__ == "__main__":
    main()
