r"""Trains the network that estimates camera shake for `lle enhance --deblur`.

Examples are parts of sharp photos, shaken as by the training of VQCNIR and darkened, one of eight of them by
a still camera. The network sees their correlations of gradients. The two directions of a path cannot be told
apart there, so the nearer one counts. The shipped weights: 4,800 examples, 12 minutes on a thread.

    python benchmarks/train_shake.py --photos photos --examples 4800 --minutes 12 --out shake.safetensors
"""

import argparse
import math
import random
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, pad

from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.datasets.blur import curved_path, kernel_of, moved, shake_path
from lowlight_cli.datasets.config import BlurSettings
from lowlight_cli.datasets.darken import to_linear, to_srgb
from lowlight_cli.images.decode import decode
from lowlight_cli.images.formats import format_of
from lowlight_cli.images.pixels import shrink
from lowlight_cli.models.shake.estimator import KERNEL_SIDE, KernelEstimator, gradient_correlations
from lowlight_cli.tensors import Images

PARTS = 4
"""Examples from each photo."""

STILL_SHARE, CURVED_SHARE, SATURATED_SHARE, SMOOTHED_SHARE = 0.12, 0.7, 0.8, 0.3
LONGER_SIDE, HEIGHTS, WIDTHS, LEAST_SIDE = (400.0, 900.0), (300, 400, 500), (300, 400, 600), 220
LENGTH, INERTIA = (5.0, 28.0), (0.1, 1.0)
LIGHT, SHOT, READ = (1 / 40, 1 / 3), (2e-5, 6e-4), (1e-4, 1e-3)
LAMP_LEVEL, LAMPS = 0.94, (1, 4, 8, 16)
BATCH, RATE, WARMUP, HELD_OUT = 48, 1e-3, 50, 300
TURNS = (0, 1, 2, 3, 6, 7, 4, 5)
"""Order of the maps of a photo that is mirrored: the diagonals change places."""

SWAPS = (2, 3, 0, 1, 4, 5, 6, 7)
"""Order of the maps of a photo whose rows become columns."""


def main() -> None:
    """Makes examples, trains, and writes the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder of sharp, bright photos")
    parser.add_argument("--examples", type=int, default=4800)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="weights to write, *.safetensors")
    arguments = parser.parse_args()
    maps, kernels = examples(arguments.photos, arguments.examples, arguments.seed)
    estimator, steps = trained(maps, kernels, arguments.minutes)
    facts = {"examples": arguments.examples, "steps": steps, "seed": arguments.seed}
    save_weights(
        arguments.out, estimator, {"architecture": "shake", "provenance": facts}, half_precision=True
    )


def examples(folder: Path, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Correlations (n, 8, 63, 63) in 16 bits, and the kernels (n, 31, 31) behind them."""
    draw, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and format_of(path))
    draw.shuffle(paths)
    maps: list[Tensor] = []
    kernels: list[Tensor] = []
    number = 0
    while len(maps) < count:
        photo = read(paths[number % len(paths)], draw.uniform(*LONGER_SIDE))
        number += 1
        if min(photo.shape[2:]) < LEAST_SIDE:
            continue
        for _ in range(PARTS):
            kernel = drawn_kernel(draw, generator)
            dark = night(part_of(photo, draw), kernel, draw, generator)
            maps.append(gradient_correlations(to_linear(dark)).half())
            kernels.append(fitted(kernel))
        if len(maps) % 200 < PARTS:
            print(f"{len(maps)} examples", flush=True)
    return torch.stack(maps[:count]), torch.stack(kernels[:count])


def read(path: Path, side: float) -> Images:
    """A photo whose longer side is ``side`` at most."""
    pixels = decode(path).pixels
    height, width = pixels.shape[:2]
    return shrink(pixels, max(1, int(height * width * min(1, side / max(height, width)) ** 2)))


def part_of(photo: Images, draw: random.Random) -> Images:
    """A part of a photo, mirrored or not."""
    height, width = (
        min(side, draw.choice(sides)) for side, sides in zip(photo.shape[2:], (HEIGHTS, WIDTHS), strict=True)
    )
    top, left = (
        draw.randint(0, side - part) for side, part in zip(photo.shape[2:], (height, width), strict=True)
    )
    part = photo[..., top : top + height, left : left + width]
    return part.flip(-1) if draw.random() < 0.5 else part


def drawn_kernel(draw: random.Random, generator: torch.Generator) -> Tensor:
    """The kernel of a still camera, a smooth path or a random walk."""
    if draw.random() < STILL_SHARE:
        return torch.ones(1, 1)
    length = draw.uniform(*LENGTH)
    if draw.random() < CURVED_SHARE:
        return kernel_of(curved_path(length, BlurSettings(), generator))
    return kernel_of(shake_path(length, log_uniform(INERTIA, draw), generator))


def fitted(kernel: Tensor) -> Tensor:
    """A kernel with the side of the estimator's."""
    margin = (KERNEL_SIDE - kernel.shape[0]) // 2
    whole = pad(kernel, (margin,) * 4)
    return whole / whole.sum()


def night(clear: Images, kernel: Tensor, draw: random.Random, generator: torch.Generator) -> Images:
    """A dark photo of a scene, in 8-bit steps."""
    whiteness = clear.amin(1, keepdim=True)
    lamps = ((whiteness - LAMP_LEVEL) / (1 - LAMP_LEVEL)).clamp(0, 1)
    light = moved(to_linear(clear) * (1 + (draw.choice(LAMPS) - 1) * lamps), kernel)
    light = light.clamp(0, 1) if draw.random() < SATURATED_SHARE else light
    light = light * log_uniform(LIGHT, draw)
    shot, read_noise = log_uniform(SHOT, draw), log_uniform(READ, draw)
    noise = torch.randn(light.shape, generator=generator)
    if draw.random() < SMOOTHED_SHARE:  # as by the camera
        noise = 2 * avg_pool2d(noise, 3, stride=1, padding=1)
    return to_srgb(light + noise * (shot * light + read_noise**2).sqrt()).mul(255).round().div(255)


def log_uniform(limits: tuple[float, float], draw: random.Random) -> float:
    """A number between two limits, evenly spread by factors."""
    return math.exp(draw.uniform(*map(math.log, limits)))


def trained(maps: Tensor, kernels: Tensor, minutes: float) -> tuple[KernelEstimator, int]:
    """The estimator after some minutes, and its number of steps; the first examples are held out."""
    torch.manual_seed(0)
    estimator, held_out = KernelEstimator(), min(HELD_OUT, len(maps) // 4)
    optimizer = torch.optim.AdamW(estimator.parameters(), RATE, weight_decay=1e-2)
    start, step, share = time.monotonic(), 0, 0.0
    while share < 1:
        rate = RATE * max(0.01, 0.5 * (1 + math.cos(math.pi * share))) * min(1.0, (step + 1) / WARMUP)
        optimizer.param_groups[0]["lr"] = rate
        chosen = torch.randint(held_out, len(maps), (BATCH,))
        seen, wanted = turned(maps[chosen].float(), kernels[chosen])
        loss = distance(estimator.train()(seen), wanted).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step, share = step + 1, (time.monotonic() - start) / (60 * minutes)
        if step % 100 == 0 or share >= 1:
            with torch.no_grad():
                score = distance(estimator.eval()(maps[:held_out].float()), kernels[:held_out]).mean()
            print(f"step {step}: {float(loss.detach()):.3f}, held out {float(score):.3f}", flush=True)
    return estimator.eval(), step


def turned(maps: Tensor, kernels: Tensor) -> tuple[Tensor, Tensor]:
    """Examples as of photos that are mirrored, or whose rows became columns, or neither."""
    if torch.rand(()) < 0.5:
        maps, kernels = maps.flip(3)[:, TURNS], kernels.flip(2)
    if torch.rand(()) < 0.5:
        maps, kernels = maps.transpose(2, 3)[:, SWAPS], kernels.transpose(1, 2)
    return maps, kernels


def distance(made: Tensor, wanted: Tensor) -> Tensor:
    """Of each kernel to the wanted one, or to that turned by 180 degrees if it is nearer; both blurred."""
    made, wanted = blurred(made), blurred(wanted)
    return torch.minimum(_distance(made, wanted), _distance(made, wanted.flip(1, 2)))


def _distance(made: Tensor, wanted: Tensor) -> Tensor:
    alike = (made * wanted).sum((1, 2)) / (made.norm(dim=(1, 2)) * wanted.norm(dim=(1, 2)))
    return 1 - alike + (made - wanted).abs().sum((1, 2)) / 2


def blurred(kernels: Tensor) -> Tensor:
    """Kernels under a Gaussian of one pixel, so that paths beside each other count as near."""
    line = torch.exp(-torch.arange(-3, 4).square() / 2)
    window = line[:, None] * line / line.sum() ** 2
    return conv2d(kernels[:, None], window[None, None], padding=3)[:, 0]


if __name__ == "__main__":
    main()
