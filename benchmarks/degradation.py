r"""What the first stage of DRGN has learned, on pairs: its degradation beside what the dark images lack.

For each image: the mean of the degradation that the network sees, and that of dark image minus reference,
in numbers from -1 to 1 (2 is from white to black); the ratio of both; the deviation of the degradation
inside the image; and how large the correlation of the degradation with dark image minus reference is. The
bar is a ratio of the means over all images between 0.8 and 1.2. Then the degradation of each dark image is
added to a bright photo, as in training: mean luma of the results beside that of the dark images, the share
of black pixels (all channels 0), and the noise (Immerkaer's estimate from the luma, in 8-bit steps).

    python benchmarks/degradation.py --low pairs/low --high pairs/high --stems 115,197 \
        lw-drgn runs/degradation/drgn-degradation.safetensors --photos photos --json degradation.json

Source of the noise estimate: Immerkaer, "Fast Noise Variance Estimation", 1996.
"""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

import torch
from torch.nn.functional import conv2d, interpolate

from lowlight_cli.checkpoints.load import fill, load_enhancer, load_weights
from lowlight_cli.datasets.matching import match, pictures_below
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.images.pixels import shrink
from lowlight_cli.layers.exposure import luma, mean_luma
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.drgn.channel_attention import ChannelWeights
from lowlight_cli.models.drgn.compose import degraded
from lowlight_cli.models.drgn.config import DrgnConfig
from lowlight_cli.models.drgn.model import Drgn
from lowlight_cli.tensors import Images

SIDE = 600
BAR = 0.2
LAPLACE = ((1.0, -2.0, 1.0), (-2.0, 4.0, -2.0), (1.0, -2.0, 1.0))


class Pair(NamedTuple):
    """A dark image, its reference and a photo to darken, all sRGB in [0, 1] and of one size."""

    name: str
    dark: Images
    bright: Images
    photo: Images


class Likeness(TypedDict):
    """How like the real darkness the learned one is."""

    inside: float
    correlation: float
    dark_luma: float
    made_luma: float
    dark_black: float
    made_black: float
    dark_noise: float
    made_noise: float


class Row(Likeness):
    """Numbers of one pair; lists are red, green and blue."""

    name: str
    degradation: list[float]
    missing: list[float]


class Summary(Likeness):
    """Means over the pairs; ``ratio`` is that of the means, and ``is_met`` whether it is within the bar."""

    degradation: float
    missing: float
    ratio: float
    is_met: bool
    spread: float


def main() -> None:
    """Prints the tables, and writes them as JSON where a file is asked for."""
    arguments = parsed()
    pairs = read_pairs(arguments)
    document: dict[str, dict[str, object]] = {}
    for word in arguments.models:
        model = network(word)
        rows = [measured(model, pair) for pair in pairs]
        document[word] = {"all": summary(rows), "pairs": rows}
        print(table(word, rows), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")


def parsed() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL|WEIGHTS", help="drgn, lw-drgn, or a run's file")
    parser.add_argument("--low", type=Path, required=True, help="folder of dark images")
    parser.add_argument("--high", type=Path, required=True, help="folder of their references")
    parser.add_argument("--stems", default="", help="pairs to take, by name without suffix; all if empty")
    parser.add_argument("--photos", type=Path, help="photos to darken; default: reference of the next pair")
    parser.add_argument("--json", type=Path, help="file to write all numbers to")
    return parser.parse_args()


def read_pairs(arguments: argparse.Namespace) -> list[Pair]:
    """The pairs, each with a photo of its size: evenly spread over the folder, by path."""
    stems = [stem for stem in arguments.stems.split(",") if stem]
    found = [
        (partners.picture, partners.reference)
        for partners in match(arguments.low, arguments.high).partners
        if partners.reference and (not stems or partners.picture.stem in stems)
    ]
    if not found:
        raise SystemExit(f"{arguments.low} and {arguments.high}: no pair to measure")
    photos = [high for _, high in found[1:] + found[:1]]
    if arguments.photos:
        paths = pictures_below(arguments.photos)
        photos = [paths[place * len(paths) // len(found)] for place in range(len(found))]
    pairs = []
    for (low, high), photo in zip(found, photos, strict=True):
        dark = read(low)
        size = dark.shape[2:]
        pairs.append(Pair(low.stem, dark, read(high), _sized(read(photo), size)))
    return pairs


def read(path: Path) -> Images:
    """An image, shrunk so that it is 600 pixels at most on its longer side."""
    pixels = decode(path).pixels
    height, width = pixels.shape[:2]
    return shrink(pixels, max(1, int(height * width * min(1, SIDE / max(height, width)) ** 2)))


def network(word: str) -> Drgn:
    """A model of the catalog, or one with the degradation network or all weights of a file."""
    if word in MODELS:
        model = load_enhancer(word)
        if not isinstance(model, Drgn):
            raise SystemExit(f"{word}: has no degradation network; drgn and lw-drgn do")
        return model
    weights = load_weights(Path(word))
    model = Drgn(DrgnConfig.model_validate(weights.metadata["config"]))
    is_whole = any(name.startswith("degradation.") for name in weights.state)
    fill(model if is_whole else model.degradation, weights.state, word)
    return model.eval().requires_grad_(requires_grad=False)


@torch.inference_mode()
def measured(model: Drgn, pair: Pair) -> Row:
    """What the network makes of one dark image, beside the pair, and of a photo with it."""
    size = pair.dark.shape[2:]
    padded = pad_to_multiple(pair.dark, model.size_multiple)
    found = crop(model.degradation(model.to_signal(padded), ChannelWeights()), *size)
    black = -1.0 if model.config.value_range == "signed" else 0.0
    made = model.to_images(degraded(model.to_signal(pair.photo), found, lowest=black))
    made = (made * 255).round() / 255
    degradation = found if model.config.value_range == "signed" else 2 * found
    missing = 2 * (pair.dark - pair.bright)
    return Row(
        name=pair.name,
        degradation=degradation.mean((0, 2, 3)).tolist(),
        missing=missing.mean((0, 2, 3)).tolist(),
        inside=float(degradation.std((2, 3)).mean()),
        correlation=_correlation(degradation, missing),
        dark_luma=float(mean_luma(pair.dark)),
        made_luma=float(mean_luma(made)),
        dark_black=_black(pair.dark),
        made_black=_black(made),
        dark_noise=noise(pair.dark),
        made_noise=noise(made),
    )


def summary(rows: Sequence[Row]) -> Summary:
    """Means over pairs; ``spread`` is the deviation of the degradation's mean from image to image."""
    means = torch.tensor([row["degradation"] for row in rows]).mean(1)
    missing = torch.tensor([row["missing"] for row in rows]).mean()
    ratio = float(means.mean() / missing)

    def mean(key: str) -> float:
        return sum(float(row[key]) for row in rows) / len(rows)  # type: ignore[literal-required]

    return Summary(
        degradation=float(means.mean()),
        missing=float(missing),
        ratio=ratio,
        is_met=abs(ratio - 1) <= BAR,
        spread=float(means.std(correction=0)),
        inside=mean("inside"),
        correlation=mean("correlation"),
        dark_luma=mean("dark_luma"),
        made_luma=mean("made_luma"),
        dark_black=mean("dark_black"),
        made_black=mean("made_black"),
        dark_noise=mean("dark_noise"),
        made_noise=mean("made_noise"),
    )


def noise(images: Images) -> float:
    """Standard deviation of the noise of the luma, in 8-bit steps."""
    kernel = torch.tensor(LAPLACE)[None, None]
    second = conv2d(luma(images).unsqueeze(1), kernel).abs().mean()
    return 255 * float(second) * math.sqrt(math.pi / 2) / 6


def table(word: str, rows: Sequence[Row]) -> str:
    """A line for each pair, and their means."""
    total = summary(rows)
    lines = [word, f"  {'pair':6} {'degradation: R G B':>24} {'dark - reference: R G B':>24}  ratio  inside"]
    for row in rows:
        ratio = sum(row["degradation"]) / sum(row["missing"])
        lines.append(
            f"  {row['name']:6.6} {_colors(row['degradation'])} {_colors(row['missing'])}"
            f"  {ratio:5.2f}  {row['inside']:.4f}"
        )
    lines += [
        f"  mean {total['degradation']:.3f}, of dark - reference {total['missing']:.3f}: ratio"
        f" {total['ratio']:.2f}, {'within' if total['is_met'] else 'outside'} {1 - BAR:.1f} to {1 + BAR:.1f}",
        f"  deviation inside an image {total['inside']:.4f}, between images {total['spread']:.4f},"
        f" correlation {total['correlation']:.2f}",
        f"  darkened photos: luma {total['made_luma']:.3f} (dark images {total['dark_luma']:.3f}),"
        f" black {total['made_black']:.2f} ({total['dark_black']:.2f}),"
        f" noise {total['made_noise']:.2f} ({total['dark_noise']:.2f})",
    ]
    return "\n".join(lines)


def _colors(values: Sequence[float]) -> str:
    return " ".join(f"{value:7.3f}" for value in values).rjust(24)


def _correlation(one: Images, other: Images) -> float:
    """Correlation over pixels and channels; 0 where one of both is constant."""
    a, b = (values.double().flatten() - values.double().mean() for values in (one, other))
    return float((a * b).mean() / (a.square().mean() * b.square().mean()).sqrt().clamp_min(1e-12))


def _black(images: Images) -> float:
    """Share of pixels that are black."""
    return float((images.amax(1) < 0.5 / 255).float().mean())


def _sized(photo: Images, size: Sequence[int]) -> Images:
    return interpolate(photo, tuple(size), mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)


if __name__ == "__main__":
    main()
