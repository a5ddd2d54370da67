r"""Scores of models on photos that were darkened, and on the same photos shaken and darkened.

Nothing is random but the noise, which has fixed seeds. Photo number n of a folder is shaken along a smooth,
curved path of 8 to 24 pixels, and keeps 1/6 to 1/30 of its light; both are spread evenly over the photos.
Blur acts on linear light; white pixels are lamps 8 times as bright, whose streaks clip at white. Then the
light is dimmed, and gets shot and read noise. The path, the light and the noise are separate from those of
the training (``datasets/blur.py``, ``datasets/darken.py``). With ``--low``, the dark partners of the photos
are taken as they are, and shaken.

For each image: PSNR; PSNR* after its mean was made that of the photo; SSIM; and the slope of the 5 % of
pixels where the photo is steepest, relative to the photo's, after mean and deviation of the luma were made
those of the photo: 1 is as steep. "Slope" is that of any direction, to which noise adds; "along" is its part
in the direction of the photo's, to which noise adds nothing. "Light" is the mean of red, green and blue
relative to the photo's.

    python benchmarks/night_blur.py --photos photos --match "*_full*" --names held_out.txt \
        codeenhance vqcnir vqcnir=runs/vqcnir/vqcnir.safetensors --json blur.json --sheet blur.jpg
"""

import argparse
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch.nn.functional import interpolate, pad

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.datasets.blur import kernel_of, moved
from lowlight_cli.datasets.darken import to_linear, to_srgb
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.images.pixels import shrink, to_pixels
from lowlight_cli.layers.exposure import lift, lift_gain, luma, mean_luma
from lowlight_cli.losses.structure import similarity
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.tensors import Images
from lowlight_cli.training.rng import item_rng

Method = Callable[[Images], Images]
Numbers = dict[str, float]
CAMERAS = ("still", "shaken")
LENGTHS, LIGHT = (8.0, 24.0), (1 / 30, 1 / 6)
MOMENTS = 256
LAMP_LEVEL, LAMP_GAIN = 0.94, 8.0
SHOT, READ = 2e-4, 4e-4
"""Noise: variance for each unit of linear light, and standard deviation."""

SHOT_OF_PARTNERS, READ_OF_PARTNERS = 6e-6, 1.1e-4
"""Noise that is added again to a dark partner that was smoothed by shaking; as of the measured camera."""

STEEPEST = 0.05
SPREAD = ((math.sqrt(5) - 1) / 2, math.sqrt(2) - 1, math.sqrt(3) - 1)
"""Steps of sequences that fill [0, 1) evenly, whatever the number of photos: length, light, shape."""


class Shake(NamedTuple):
    """How one photo is taken: path of the camera, (moments, 2), its length in pixels, and the light kept."""

    path: torch.Tensor
    length: float
    light: float


def main() -> None:
    """Prints the table, and draws some of the pictures where a sheet is asked for."""
    arguments = parsed()
    methods = {"input": lambda dark: dark, "input, lifted": lifted} | dict(map(method, arguments.models))
    paths = chosen(arguments)
    partners = {path.stem: path for path in arguments.low.iterdir()} if arguments.low else {}
    scores: dict[str, dict[str, list[Numbers]]] = {name: {c: [] for c in CAMERAS} for name in methods}
    rows: list[Images] = []
    for number, path in enumerate(paths):
        clear = read(path, arguments.side)
        own = read(partners[path.stem], arguments.side) if path.stem in partners else None
        for camera in CAMERAS:
            dark = taken(clear, own, shake_of(number), number, is_shaken=camera == "shaken")
            made = {name: enhance(dark) for name, enhance in methods.items()}
            for name, image in made.items():
                scores[name][camera].append(judged(image, clear))
        rows.append(torch.cat([*made.values(), clear], dim=3))  # of the shaken camera, which is the last
    means = {name: {camera: mean_of(found[camera]) for camera in CAMERAS} for name, found in scores.items()}
    show(means, len(paths))
    if arguments.json:
        document = {"photos": len(paths), "means": means, "each": each(paths, scores)}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    if arguments.sheet:
        draw(arguments.sheet, rows)


def parsed() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL[=WEIGHTS]")
    parser.add_argument("--photos", type=Path, required=True, help="folder of sharp, bright photos")
    parser.add_argument("--match", default="*", help="pattern of file names below the folder")
    parser.add_argument("--names", type=Path, help="file of beginnings of names, one a line; others are left")
    parser.add_argument("--stems", default="", help="photos to take, by name without suffix; all if empty")
    parser.add_argument("--count", type=int, default=24, help="photos to take at most")
    parser.add_argument("--side", type=int, default=600, help="longer side that photos are shrunk to")
    parser.add_argument("--low", type=Path, help="dark partners, by name without suffix")
    parser.add_argument("--sheet", type=Path, help="picture to draw of some of the shaken photos")
    parser.add_argument("--json", type=Path, help="file to write all numbers to")
    return parser.parse_args()


def chosen(arguments: argparse.Namespace) -> list[Path]:
    """The photos to take, by path."""
    stems = [stem for stem in arguments.stems.split(",") if stem]
    names = tuple(filter(None, arguments.names.read_text("utf-8").split("\n"))) if arguments.names else ("",)
    found = [path for path in sorted(arguments.photos.rglob(arguments.match)) if path.is_file()]
    wanted = [path for path in found if path.name.startswith(names) and (not stems or path.stem in stems)]
    if not wanted:
        raise SystemExit(f"{arguments.photos}: no photo matches")
    return wanted[: arguments.count]


def read(path: Path, side: int) -> Images:
    """A photo, shrunk so that its longer side is ``side`` at most."""
    pixels = decode(path).pixels
    height, width = pixels.shape[:2]
    return shrink(pixels, max(1, int(height * width * min(1, side / max(height, width)) ** 2)))


def method(word: str) -> tuple[str, Method]:
    """A model of the catalog, with its own weights or those of a file."""
    name, _, weights = word.partition("=")
    return word, method_of(load_enhancer(name, checkpoint=Path(weights) if weights else None))


def method_of(enhancer: Enhancer) -> Method:
    """What a model makes of dark images of any size, in 8-bit steps."""

    @torch.inference_mode()
    def enhance(dark: Images) -> Images:
        padded = pad_to_multiple(dark, enhancer.size_multiple)
        made = crop(enhancer.enhance(padded, Controls()), *dark.shape[2:])
        return (made * 255).round() / 255

    return enhance


def lifted(dark: Images) -> Images:
    """Brightened by a curve alone, to tell light from sharpness."""
    return lift(dark, lift_gain(mean_luma(dark), 0.4))


def shake_of(number: int) -> Shake:
    """The camera of a photo by its number: length and light are spread evenly, the light by factors."""
    places = [(0.5 + number * step) % 1 for step in SPREAD]
    length = LENGTHS[0] + (LENGTHS[1] - LENGTHS[0]) * places[0]
    light = LIGHT[0] * (LIGHT[1] / LIGHT[0]) ** places[1]
    return Shake(smooth_path(length, places[2]), length, light)


def smooth_path(length: float, shape: float) -> torch.Tensor:
    """A path of constant speed that bends up to a half circle, some of them to both sides; mean zero.

    Args:
        length: Length in pixels.
        shape: In [0, 1); sets the direction and the bend.
    """
    time = (torch.arange(MOMENTS) + 0.5) / MOMENTS
    arc, wave = math.pi * (2 * shape - 1), math.sin(12 * math.pi * shape)
    heading = 2 * math.pi * 7 * shape + arc * time + wave * torch.sin(2 * math.pi * time)
    path = (length / MOMENTS) * torch.stack([heading.sin(), heading.cos()], dim=1).cumsum(0)
    return path - path.mean(0)


def taken(clear: Images, own: Images | None, shake: Shake, number: int, *, is_shaken: bool) -> Images:
    """The dark photo in 8-bit steps.

    Args:
        clear: The photo.
        own: Its dark partner, which is taken as it is; None to dim the photo.
        shake: Path and light.
        number: Number of the photo, which seeds the noise.
        is_shaken: Whether the camera moves.
    """
    if own is not None and not is_shaken:
        return own
    light, kept = to_linear(clear if own is None else own), shake.light if own is None else 1.0
    shot, read = (SHOT, READ) if own is None else (SHOT_OF_PARTNERS, READ_OF_PARTNERS)
    if is_shaken:
        white = clear.amin(1, keepdim=True) if own is None else torch.zeros_like(light[:, :1])
        is_lamp = ((white - LAMP_LEVEL) / (1 - LAMP_LEVEL)).clamp(0, 1)
        light = moved(light * (1 + (LAMP_GAIN - 1) * is_lamp), kernel_of(shake.path)).clamp(0, 1)
    light = light * kept
    noise = torch.randn(light.shape, generator=item_rng(number, 0, 0))
    return to_srgb(light + noise * (shot * light + read**2).sqrt()).mul(255).round().div(255)


def judged(image: Images, clear: Images) -> Numbers:
    """All numbers of an image."""
    aligned = (image * (clear.mean() / image.mean())).clamp(0, 1)
    psnr, aligned_psnr = (float(-10 * (each - clear).square().mean().log10()) for each in (image, aligned))
    red, green, blue = (image.mean((0, 2, 3)) / clear.mean((0, 2, 3))).tolist()
    found = {"psnr": psnr, "psnr*": aligned_psnr, "ssim": float(similarity(image, clear))}
    return found | edge_slopes(image, clear) | {"red": red, "green": green, "blue": blue}


def edge_slopes(image: Images, clear: Images) -> Numbers:
    """Slope of the image where the photo is steepest, and its part along the photo's; 1 for equal images."""
    seen, wanted = luma(image), luma(clear)
    seen = (seen - seen.mean()) * (wanted.std() / seen.std().clamp_min(1e-6))
    ours, theirs = slopes(seen), slopes(wanted)
    steepness = theirs.norm(dim=0)
    edges = steepness >= steepness.flatten().quantile(1 - STEEPEST)
    along = (ours * theirs).sum(0) / steepness.clamp_min(1e-6)
    found = {"slope": ours.norm(dim=0), "along": along}
    return {name: float(each[edges].mean() / steepness[edges].mean()) for name, each in found.items()}


def slopes(planes: torch.Tensor) -> torch.Tensor:
    """Differences down and right of luma, (2, b, h - 2, w - 2)."""
    down = planes[:, 2:, 1:-1] - planes[:, :-2, 1:-1]
    right = planes[:, 1:-1, 2:] - planes[:, 1:-1, :-2]
    return torch.stack([down, right]) / 2


def mean_of(found: Sequence[Numbers]) -> Numbers:
    """Mean of each number."""
    return {key: sum(numbers[key] for numbers in found) / len(found) for key in found[0]}


def each(paths: Sequence[Path], scores: dict[str, dict[str, list[Numbers]]]) -> list[dict[str, object]]:
    """The numbers of each photo, with how it was taken."""
    return [
        {"photo": path.name, "length": shake_of(number).length, "light": shake_of(number).light}
        | {name: {camera: found[camera][number] for camera in CAMERAS} for name, found in scores.items()}
        for number, path in enumerate(paths)
    ]


def show(means: dict[str, dict[str, Numbers]], count: int) -> None:
    """The table."""
    print(f"{count} photos: PSNR / PSNR* / SSIM / slope / along / light (red green blue)")
    for camera in CAMERAS:
        print(camera)
        for name, found in means.items():
            numbers = found[camera]
            light = " ".join(f"{numbers[color]:.2f}" for color in ("red", "green", "blue"))
            print(
                f"  {name:28} {numbers['psnr']:.2f} / {numbers['psnr*']:.2f} / {numbers['ssim']:.3f} / "
                f"{numbers['slope']:.3f} / {numbers['along']:.3f} / {light}"
            )


def draw(path: Path, rows: Sequence[Images]) -> None:
    """Every fourth row, 300 pixels high."""
    rows = [interpolate(row, (300, row.shape[3] * 300 // row.shape[2])) for row in rows]
    width = max(row.shape[3] for row in rows[::4])
    sheet = torch.cat([pad(row, (0, width - row.shape[3])) for row in rows[::4]], dim=2)
    Image.fromarray(to_pixels(sheet, sixteen_bit=False)[0]).save(path, quality=88)


if __name__ == "__main__":
    main()
