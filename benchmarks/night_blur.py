"""Scores of models on photos that were darkened, and on the same photos darkened and blurred.

Each clear photo is taken several times at night by a still and by a moving camera, with equal light and noise
(``datasets/darken.py``, ``datasets/blur.py``, always blurred), from fixed seeds; or, with ``--low``, its dark
partner is taken as it is and shaken. Sharpness is the mean step between neighboring pixels against that of
the clear photo: 1 is as sharp, more is noise. PSNR* is that after the mean was made that of the clear photo.

python benchmarks/night_blur.py --photos pairs/high --stems 274,275 --sheet blur.jpg codeenhance vqcnir
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.datasets.blur import draw_movement
from lowlight_cli.datasets.config import MANY_NIGHTS, BlurSettings
from lowlight_cli.datasets.darken import darken, photograph_again
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.images.pixels import to_images, to_pixels
from lowlight_cli.layers.exposure import lift, lift_gain, mean_luma
from lowlight_cli.losses.structure import similarity
from lowlight_cli.models.controls import Controls
from lowlight_cli.tensors import Images
from lowlight_cli.training.rng import item_rng

Method = Callable[[Images], Images]
CAMERAS = ("still", "moving")


def main() -> None:
    """Prints the table, and draws some of the pictures where a sheet is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL[=WEIGHTS]")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--low", type=Path, help="dark partners, by name without suffix")
    parser.add_argument("--stems", default="", help="photos to take, by name without suffix; all if empty")
    parser.add_argument("--nights", type=int, default=3, help="times that each photo is taken")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    methods = {"input": lambda dark: dark, "input, lifted": lifted} | dict(map(method, arguments.models))
    stems = [stem for stem in arguments.stems.split(",") if stem]
    paths = [path for path in sorted(arguments.photos.iterdir()) if not stems or path.stem in stems]
    partners = {path.stem: path for path in arguments.low.iterdir()} if arguments.low else {}
    scores: dict[str, dict[str, list[list[float]]]] = {name: {c: [] for c in CAMERAS} for name in methods}
    rows: list[Images] = []
    for number, path in enumerate(paths):
        clear = to_images([decode(path).pixels])
        for night in range(arguments.nights):
            partner = partners.get(path.stem)
            photos = shaken(partner, number, night) if partner else taken(clear, number, night)
            for camera, dark in zip(CAMERAS, photos, strict=True):
                made = {name: enhance(dark) for name, enhance in methods.items()}
                for name, image in made.items():
                    scores[name][camera].append(judged(image, clear))
                if night == 0 and camera == "moving":
                    rows.append(torch.cat([*made.values(), clear], dim=3))
    means = {
        name: {camera: torch.tensor(values).mean(0).tolist() for camera, values in cameras.items()}
        for name, cameras in scores.items()
    }
    show(means, len(paths) * arguments.nights)
    if arguments.json:
        arguments.json.write_text(json.dumps(means, indent=1) + "\n")
    if arguments.sheet:
        Image.fromarray(to_pixels(torch.cat(rows, dim=2), sixteen_bit=False)[0]).save(
            arguments.sheet, quality=88
        )


def method(word: str) -> tuple[str, Method]:
    """A model of the catalog, with its own weights or those of a file."""
    name, _, weights = word.partition("=")
    enhancer = load_enhancer(name, checkpoint=Path(weights) if weights else None)

    @torch.inference_mode()
    def enhance(dark: Images) -> Images:
        padded = pad_to_multiple(dark, enhancer.size_multiple)
        made = crop(enhancer.enhance(padded, Controls()), *dark.shape[2:])
        return (made * 255).round() / 255

    return word, enhance


def lifted(dark: Images) -> Images:
    """Brightened by a curve alone, to tell light from sharpness."""
    return lift(dark, lift_gain(mean_luma(dark), 0.4))


def taken(clear: Images, number: int, night: int) -> tuple[Images, Images]:
    """The same night with a still and with a moving camera."""
    movement = draw_movement(BlurSettings(share=1.0), item_rng(number, night, 0))
    still, moving = (
        darken(clear, MANY_NIGHTS, item_rng(number, night, 1), each).images for each in (None, movement)
    )
    return still, moving


def shaken(path: Path, number: int, night: int) -> tuple[Images, Images]:
    """A dark photo, and the same taken with a moving camera."""
    dark = to_images([decode(path).pixels])
    movement = draw_movement(BlurSettings(share=1.0), item_rng(number, night, 0))
    moving = photograph_again(dark, movement, MANY_NIGHTS, item_rng(number, night, 1)) if movement else dark
    return dark, moving


def judged(image: Images, clear: Images) -> list[float]:
    """PSNR and PSNR* in dB, SSIM, sharpness."""
    aligned = (image * (clear.mean() / image.mean())).clamp(0, 1)
    psnr, aligned_psnr = (float(-10 * (each - clear).square().mean().log10()) for each in (image, aligned))
    steps = [float(each.diff(dim=3).abs().mean() + each.diff(dim=2).abs().mean()) for each in (image, clear)]
    return [psnr, aligned_psnr, float(similarity(image, clear)), steps[0] / steps[1]]


def show(means: dict[str, dict[str, list[float]]], count: int) -> None:
    """The table."""
    print(f"{count} photos, PSNR / PSNR* / SSIM / sharpness")
    for name, cameras in means.items():
        columns = [
            f"{camera} {psnr:.2f} / {aligned:.2f} / {ssim:.3f} / {sharp:.2f}"
            for camera, (psnr, aligned, ssim, sharp) in cameras.items()
        ]
        print(f"{name:28} {'   '.join(columns)}")


if __name__ == "__main__":
    main()
