"""Shows what the flow of GLARE finds, where, and how well its distribution fits, on held-out pairs.

python -m benchmarks.glare_flow PAIRS [--checkpoint FILE] [--stage-one FILE] [--plain FILE] [--names 115,197]

PAIRS has folders low and high. The weights may be of stage II (then use --codes-alone, as the fusing decoder
is not trained yet) or of stage III. A code is right where it is that of the bright image. "PSNR, codes" is of
what the frozen decoder makes of the codes nearest to a latent, "PSNR, GLARE" of the whole network with that
latent; "in 8" tells whether the right code is among the 8 nearest. Quarters are of the positions of an image.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from benchmarks.glare_ablation import glare, stage_one
from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.datasets.matching import match
from lowlight_cli.evaluation.pixel_metrics import psnr
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.images.pixels import to_images
from lowlight_cli.layers.exposure import luma
from lowlight_cli.losses.likelihood import bits_per_position
from lowlight_cli.models.glare.conditional_encoder import Conditions
from lowlight_cli.models.glare.latent_flow import FlowStep
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.models.lifting import lifted, mixed_back, with_texture
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.tensors import Features, Images

TEMPERATURES = (0.2, 0.5, 1.0)
SAMPLES = 16
NEAREST, SMOOTH = 8, 9
NOISE = 0.05
"""Deviation of the noise that bright latents have in training."""

FOUND = "flow, temperature 0 (the mean)"
QUARTERS = {
    "light of the input": ("darkest", "dark", "light", "lightest"),
    "activity of the reference": ("flattest", "flat", "busy", "edges"),
}

Table = dict[str, dict[str, float]]


class Pair(NamedTuple):
    """A padded dark image, its reference, what the encoder reads, and the bright latent."""

    dark: Images
    bright: Images
    conditions: Conditions
    wanted: Features
    found: Features


def main(words: Sequence[str] | None = None) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="weights of stage II or III with a flow; none ship")
    parser.add_argument("--stage-one", type=Path, help="weights of stage I, if not the shipped ones")
    parser.add_argument("--plain", type=Path, help="weights trained alike without a flow, to compare")
    parser.add_argument("--names", help="images by name, with commas; default: what ELIEI holds out")
    parser.add_argument("--codes-alone", action="store_true", help="leave out the fusing decoder")
    arguments = parser.parse_args(words)
    names = arguments.names.split(",") if arguments.names else DATASETS["ELIEI"].validation
    model, plain = glare(arguments.checkpoint), glare(arguments.plain) if arguments.plain else None
    if not model.config.flow.levels:
        parser.error("these weights, like the shipped ones, have no flow: give others with --checkpoint")
    prior = stage_one(model, arguments.stage_one)
    found = match(arguments.pairs / "low", arguments.pairs / "high").partners
    chosen = [(pair.picture, pair.reference) for pair in found if pair.reference and pair.name in names]
    if not chosen:
        parser.error(f"no pairs of these names are in {arguments.pairs}")
    print(f"{len(chosen)} images")
    networks, is_whole = (model, plain, prior), not arguments.codes_alone
    each = [tables(*networks, *pair, is_whole=is_whole) for pair in chosen]
    for title in each[0]:
        show(title, mean_table([seen[title] for seen in each]))


@torch.inference_mode()
def tables(
    model: Glare, plain: Glare | None, prior: Vqgan, low: Path, high: Path, *, is_whole: bool
) -> dict[str, Table]:
    """All tables for one pair, by title."""
    torch.manual_seed(0)
    dark, bright = (to_images([decode(path).pixels]) for path in (low, high))
    padded, target = (pad_to_multiple(images, model.size_multiple) for images in (dark, bright))
    conditions = model.read_conditions(padded, {})
    pair = Pair(padded, bright, conditions, prior.encode(target), model.retrieve(conditions))
    side, found = model.size_multiple, latents(model, plain, pair)
    quarters = {
        "light of the input": quarters_of(avg_pool2d(luma(padded)[:, None], side)[:, 0]),
        "activity of the reference": quarters_of(activity(luma(target)[:, None], side)),
    }
    return {
        "Latents": {name: scores(model, pair, latent, is_whole=is_whole) for name, latent in found},
        **{
            f"By {name}": by_quarter(model, pair, name, places, is_whole=is_whole)
            for name, places in quarters.items()
        },
        "The bright latent as noise, less the mean of the prior": fit(model, pair),
        "Steps: how far scales and shifts vary over positions": dict(steps(model, pair)),
    }


def latents(model: Glare, plain: Glare | None, pair: Pair) -> Iterator[tuple[str, Features]]:
    """Latents by how they are found."""
    conditions, wanted, found = pair.conditions, pair.wanted, pair.found
    error = found - wanted
    yield "bright image", wanted
    yield f"bright image, noise of {NOISE}", wanted + NOISE * torch.randn_like(wanted)
    yield "bright image, noise as large as the error", wanted + size(error) * torch.randn_like(wanted)
    yield FOUND, found
    for temperature in TEMPERATURES:
        yield f"flow, temperature {temperature}", model.retrieve(conditions, temperature)
    drawn = torch.stack([model.retrieve(conditions, 1.0) for _ in range(SAMPLES)])
    yield "flow, without its mean error over the image", found - error.mean((2, 3), keepdim=True)
    large = avg_pool2d(error, SMOOTH, 1, SMOOTH // 2, count_include_pad=False)
    yield f"flow, without its error over {SMOOTH}x{SMOOTH} positions", found - large
    yield f"flow, mean of {SAMPLES} samples of temperature 1", drawn.mean(0)
    blank = conditions._replace(mean=0 * conditions.mean)
    yield "flow, mean of the prior 0", model.retrieve(blank)
    even = conditions.condition.mean((2, 3), keepdim=True).expand_as(conditions.condition)
    yield "flow, condition averaged over the image", model.retrieve(conditions._replace(condition=even))
    yield "flow, both: one vector added everywhere", model.retrieve(blank._replace(condition=even))
    if conditions.base is not None:
        yield "its encoder alone, without the flow", conditions.base.float()
    if plain is not None:
        yield "plain regression, trained alike", plain.retrieve(plain.read_conditions(pair.dark, {}))


def scores(model: Glare, pair: Pair, latent: Features, *, is_whole: bool) -> dict[str, float]:
    """Numbers of a latent."""
    index = model.codebook.nearest(pair.wanted)
    distances = torch.cdist(latent.movedim(1, -1).flatten(0, 2), model.codebook.codes)
    near = distances.topk(NEAREST, largest=False).indices == index.flatten()[:, None]
    numbers = {
        "right, %": 100 * float(near[:, 0].float().mean()),
        f"in {NEAREST}, %": 100 * float(near.any(1).float().mean()),
        "size": float(size(latent)),
        "error": float(size(latent - pair.wanted)),
        "from mean": float(size(latent - pair.found)),
        "PSNR, codes": decibels(model.show_codes(latent), pair),
    }
    return numbers | ({"PSNR, GLARE": decibels(whole(model, pair, latent), pair)} if is_whole else {})


def by_quarter(model: Glare, pair: Pair, name: str, quarters: Tensor, *, is_whole: bool) -> Table:
    """Numbers of the positions of each quarter, and what true codes in it alone would be worth."""
    wanted, found, base = pair.wanted, pair.found, pair.conditions.base
    indices = model.codebook.nearest(wanted)
    before = [decibels(model.show_codes(found), pair)]
    before += [decibels(whole(model, pair, found), pair)] if is_whole else []
    table: Table = {}
    for index, label in enumerate(QUARTERS[name]):
        inside = quarters == index
        better = torch.where(inside[:, None], wanted, found)
        row = {"right, %": 100 * float((model.codebook.nearest(found) == indices)[inside].float().mean())}
        if base is not None:
            alone = model.codebook.nearest(base.float()) == indices
            row["without flow, %"] = 100 * float(alone[inside].float().mean())
        row["error"] = float(size((found - wanted).movedim(1, -1)[inside]))
        row["noise size"] = float(size(surprise(model, pair).movedim(1, -1)[inside]))
        row["true: codes, dB"] = decibels(model.show_codes(better), pair) - before[0]
        if is_whole:
            row["true: GLARE, dB"] = decibels(whole(model, pair, better), pair) - before[1]
        table[label] = row
    return table


def fit(model: Glare, pair: Pair) -> Table:
    """Whether noises of bright latents are standard normal."""
    base = 0 if pair.conditions.base is None else pair.conditions.base
    rest, added = pair.wanted - base, pair.found - base
    off = surprise(model, pair)
    by_channel = off[0].flatten(1)
    means, deviations = by_channel.mean(1), by_channel.std(1)
    standard = ((by_channel - means[:, None]) / deviations[:, None]).view_as(off)
    row = {
        "bits per number, bright": bits(model, pair, pair.wanted),
        "bits per number, with noise of training": bits(model, pair, noisy(pair.wanted)),
        "bits per number, of what is found": bits(model, pair, pair.found),
        "size of the mean of the prior": float(size(pair.conditions.mean)),
        "size of what the flow adds": float(size(added)),
        "size of what it should add": float(size(rest)),
        "share of that explained": 1 - float(size(pair.found - pair.wanted) ** 2 / size(rest) ** 2),
        "noise: largest mean of a channel (0)": float(means.abs().max()),
        "noise: mean deviation of channels (1)": float(deviations.mean()),
        "noise: least deviation": float(deviations.min()),
        "noise: greatest deviation": float(deviations.max()),
        "noise: beyond 2, % (4.6)": 100 * float((off.abs() > 2).float().mean()),
        "noise: fourth moment (3)": float(standard.pow(4).mean()),
        "noise: correlation of neighbors (0)": float((standard[..., 1:] * standard[..., :-1]).mean()),
    }
    return {name: {"value": value} for name, value in row.items()}


def steps(model: Glare, pair: Pair) -> Iterator[tuple[str, dict[str, float]]]:
    """For each step, how far its scales (logarithm) and shifts vary over positions; from latent to noise."""
    condition, base = pair.conditions.condition.float(), pair.conditions.base
    features = pair.wanted if base is None else pair.wanted - base
    for index, part in enumerate(model.flow.steps):
        step = cast(FlowStep, part)
        moved = step.mixing(step.norm(features)).features
        row = {"size before": float(size(features))}
        for name, inner in (("affine", step.affine), ("coupling", step.coupling)):
            if inner is None:
                continue
            seen = torch.cat([moved[:, : getattr(inner, "kept", 0)], condition], dim=1)
            shift, scale = inner.read(seen)
            row |= {f"{name}: scale": over_positions(scale.log()), f"{name}: shift": over_positions(shift)}
            moved = inner(moved, condition).features
        yield f"{index + 1}", row
        features = step(features, condition).features


def noisy(latent: Features) -> Features:
    """The latent with the noise of training, always the same."""
    noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(0))
    return latent + NOISE * noise


def surprise(model: Glare, pair: Pair) -> Features:
    """Noise of the bright latent, as in training, less the mean of the prior."""
    seen = model.likelihood(noisy(pair.wanted), pair.conditions)
    return seen.noise - seen.mean


def bits(model: Glare, pair: Pair, latent: Features) -> float:
    """Negative log-likelihood of a latent in bits for each of its numbers."""
    seen = model.likelihood(latent, pair.conditions)
    return float(bits_per_position(seen.noise, seen.mean, seen.log_determinant)) / latent.shape[1]


def whole(model: Glare, pair: Pair, latent: Features) -> Images:
    """Output of the whole network with a latent in place of its own."""
    known: dict[str, Tensor] = {}
    exposed = lifted(pair.dark, model.config, known)
    made = model.decode(latent, pair.conditions, 1.0, known)
    return mixed_back(made.images, exposed, model.config, with_texture(1.0, made.observation))


def decibels(images: Images, pair: Pair) -> float:
    """PSNR without the padding."""
    return float(psnr(crop(images.clamp(0, 1), *pair.bright.shape[2:]), pair.bright))


def size(values: Tensor) -> Tensor:
    """Root mean square."""
    return values.square().mean().sqrt()


def over_positions(values: Features) -> float:
    """Mean deviation of a channel over its positions."""
    return float(values.flatten(2).std(2).mean())


def activity(plane: Features, side: int) -> Tensor:
    """Deviation of the pixels of each position of the latent, (b, h', w')."""
    means, squares = (avg_pool2d(values, side)[:, 0] for values in (plane, plane.square()))
    return (squares - means.square()).clamp_min(0).sqrt()


def quarters_of(values: Tensor) -> Tensor:
    """Quarter of each position by rank, 0 to 3, least values first."""
    ranks = values.flatten().argsort(stable=True).argsort(stable=True)
    return (ranks * 4 // values.numel()).view_as(values)


def mean_table(rows: Sequence[Table]) -> Table:
    """Means over images."""
    return {
        name: {column: sum(each[name][column] for each in rows) / len(rows) for column in row}
        for name, row in rows[0].items()
    }


def show(title: str, table: Table) -> None:
    """Prints a table with one line for each row."""
    heads = [f"{column:>8}" for column in dict.fromkeys(column for row in table.values() for column in row)]
    longest = max(len(name) for name in (*table, title))
    print(f"\n{title:{longest}}  {'  '.join(heads)}")
    for name, row in table.items():
        numbers = {column: f"{value:.3f}" for column, value in row.items()}
        cells = (numbers.get(head.strip(), "").rjust(len(head)) for head in heads)
        print(f"{name:{longest}}  {'  '.join(cells)}".rstrip())


if __name__ == "__main__":
    main()
