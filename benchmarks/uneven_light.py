r"""Scores of models on photos under uneven light, on real dark photos, and on photos that need nothing.

Every fourth whole photo of a folder is taken at night twice from fixed seeds: under a smooth light field
(lamps, areas, noise) and against the light (``datasets/nights.py``), both 3 to 5 stops deep; the lit part
keeps all of its light. Of up to twelve lights the first is taken that leaves a lit and a dark part, a quarter
of the picture each, or the one nearest to that. The reference is the photo itself, with the curve that takes
its mean luma to 0.4. The same photos, not darkened, are enhanced as they are (``itself``: PSNR of the result
to the photo, at most 60 dB for each; ``bright`` counts those of a mean luma of 0.35 and more). Of dark photos
without a reference the share still in deep shadow (luma below 0.12) and blown out (above 0.98) are counted,
and how little a second pass changes them (``again``). Photos are shrunk to 600 pixels.

    python benchmarks/uneven_light.py --photos photos_free --unpaired unpaired/LIME --unpaired unpaired/NPE \
        codeenhance codeenhance=tuned.safetensors --sheet uneven.jpg
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from night_blur import Method, method
from PIL import Image

from lowlight_cli.datasets.config import MANY_NIGHTS, UnevenLight
from lowlight_cli.datasets.nights import Night, draw_night, exposures, small_copy, taken
from lowlight_cli.images.decode import decode
from lowlight_cli.images.pixels import shrink, to_pixels
from lowlight_cli.layers.exposure import lift, lift_gain, luma, mean_luma
from lowlight_cli.losses.structure import similarity
from lowlight_cli.tensors import Images
from lowlight_cli.training.rng import item_rng

Numbers = dict[str, float]
WHOLE = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
SIDE, COUNT = 600, 24
PART = 0.25
LIGHTS = {
    "field": UnevenLight(backlit_weight=0, both_weight=0, smooth_depth=(3, 5), dimming=0, dim_share=0),
    "backlit": UnevenLight(smooth_weight=0, both_weight=0, backlit_depth=(3, 5), dimming=0, dim_share=0),
}


def main() -> None:
    """Prints the table, and draws some of the pictures where a sheet is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL[=WEIGHTS]")
    parser.add_argument("--photos", type=Path, required=True, help="folder; *_full* in it are taken")
    parser.add_argument("--unpaired", type=Path, action="append", default=[])
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    methods = {"input": lambda dark: dark, "gamma 0.4": gamma} | dict(map(method, arguments.models))
    photos = [read(path) for path in held_out(arguments.photos)]
    dark = {name: nights(photos, light) for name, light in LIGHTS.items()}
    real = {folder.name: [read(path) for path in files(folder)] for folder in arguments.unpaired}
    result: dict[str, dict[str, Numbers]] = {}
    for name, enhance in methods.items():
        scores = {light: paired(enhance, views, photos) for light, views in dark.items()}
        scores["itself"] = itself(enhance, photos)
        scores |= {folder: unpaired(enhance, pictures) for folder, pictures in real.items()}
        result[name] = scores
        print(name)
        for row, numbers in scores.items():
            print(
                f"  {row:10}", "  ".join(f"{key} {value:.3f}" for key, value in numbers.items()), flush=True
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    if arguments.sheet:
        columns = [views[number] for views in dark.values() for number in range(0, COUNT, 6)]
        draw(arguments.sheet, columns, list(methods.values())[2:])


def held_out(folder: Path) -> list[Path]:
    """Every fourth whole photo from the second on, by its path; at most 24."""
    return sorted(folder.glob("**/*_full*"))[1::4][:COUNT]


def files(folder: Path) -> list[Path]:
    """All files of a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.is_file())


def read(path: Path) -> Images:
    """A photo, shrunk so that it is 600 pixels at most on its longer side."""
    pixels = decode(path).pixels
    height, width = pixels.shape[:2]
    return shrink(pixels, max(1, int(height * width * min(1, SIDE / max(height, width)) ** 2)))


def gamma(dark: Images) -> Images:
    """A power curve."""
    return ((dark**0.4) * 255).round() / 255


def nights(photos: Sequence[Images], light: UnevenLight) -> list[Images]:
    """Each photo at night, from a seed of its own."""
    settings = MANY_NIGHTS.model_copy(update={"uneven_share": 1.0, "uneven": light})
    dark = []
    for number, photo in enumerate(photos):
        seed = item_rng(number, 0, 0)
        small = small_copy(photo)
        drawn: list[tuple[float, Night]] = []
        while len(drawn) < 12 and (not drawn or drawn[-1][0] < PART):
            night = draw_night(settings, small, seed)
            drawn.append((least_part(night, small, light), night))
        best = max(drawn, key=lambda pair: pair[0])[1]
        dark.append(taken(best, photo, WHOLE, settings, seed))
    return dark


def least_part(night: Night, small: Images, settings: UnevenLight) -> float:
    """The smaller of the shares of a picture that are lit and dark; no more than a quarter."""
    assert night.light is not None
    kept = exposures(night.light, small, WHOLE, settings) / night.light.kept.view(-1, 1, 1, 1)
    lit, dark = (kept > 2**-0.5).float().mean(), (kept < 2**-2.5).float().mean()
    return min(float(lit), float(dark), PART)


def paired(enhance: Method, dark: Sequence[Images], photos: Sequence[Images]) -> Numbers:
    """Mean PSNR (dB) and SSIM against the photos, with the curve that takes their mean to 0.4."""
    scores = []
    for view, photo in zip(dark, photos, strict=True):
        reference, made = evenly_lit(photo), enhance(view)
        scores.append(torch.stack([psnr(made, reference), similarity(made, reference)]))
    values, ssim = torch.stack(scores).mean(0).tolist()
    return {"psnr": values, "ssim": ssim}


def evenly_lit(photo: Images) -> Images:
    """The photo with the curve that takes its mean luma to 0.4."""
    mean = mean_luma(photo)
    return lift(photo, 0.4 * (1 - mean) / (mean * 0.6))


def itself(enhance: Method, photos: Sequence[Images]) -> Numbers:
    """PSNR (dB, at most 60) of what is made of photos that need nothing to these photos."""
    values = torch.stack([psnr(enhance(photo), photo).clamp(max=60) for photo in photos])
    bright = torch.tensor([float(mean_luma(photo)) >= 0.35 for photo in photos])
    found = {"all": float(values.mean())}
    if bright.any():
        found |= {"bright": float(values[bright].mean()), "least bright": float(values[bright].min())}
    return found


def unpaired(enhance: Method, pictures: Sequence[Images]) -> Numbers:
    """Shares of deep shadow and of blown out pixels; PSNR (dB, at most 60) of a second pass to the first."""
    rows = []
    for picture in pictures:
        made = enhance(picture)
        level = luma(made)
        again = psnr(enhance(made), made).clamp(max=60)
        rows.append(torch.stack([(level < 0.12).float().mean(), (level > 0.98).float().mean(), again]))
    shadow, blown, again = torch.stack(rows).mean(0).tolist()
    return {"shadow": shadow, "blown": blown, "again": again}


def psnr(made: Images, reference: Images) -> torch.Tensor:
    """Peak signal-to-noise ratio in dB."""
    return -10 * ((made - reference).square().mean() + 1e-10).log10()


def draw(path: Path, pictures: Sequence[Images], methods: Sequence[Method]) -> None:
    """Rows of a dark picture and what each method makes of it, with one lifted by its mean before them."""
    rows = []
    for dark in pictures:
        even = lift(dark, lift_gain(mean_luma(dark), 0.4))
        row = torch.cat([dark, even, *(enhance(dark) for enhance in methods)], dim=3)
        rows.append(torch.nn.functional.interpolate(row, (300, row.shape[3] * 300 // row.shape[2])))
    width = max(row.shape[3] for row in rows)
    sheet = torch.cat([torch.nn.functional.pad(row, (0, width - row.shape[3])) for row in rows], dim=2)
    Image.fromarray(to_pixels(sheet, sixteen_bit=False)[0]).save(path, quality=90)


if __name__ == "__main__":
    main()
