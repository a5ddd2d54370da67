r"""One table of all models that ship: scores on three sets of held-out photos, time and size.

    python benchmarks/model_table.py --low low --high high --names 115,197,274 --photos photos_free
    python benchmarks/model_table.py --photos photos_free --sets shaken --weights vqcnir=new.safetensors

The sets are ``pairs`` (real dark photos and long exposures of the same scenes), photos under uneven light
(``backlit`` and ``field``, as in ``uneven_light.py``), and ``shaken`` (evenly darkened, blurred and noisy
photos, as in ``night_blur.py``). The last three are made of every fourth whole photo of the folder. Only sets
whose folders are given are measured. Models run on the CPU in fp32, and results are rounded to 8 bits.

- PSNR*: of the result whose mean gray was made that of the reference ("GT-mean").
- edges: slope of the 5 % of pixels where the reference is steepest, along its direction and relative to it.
- color: distance of a* and b* (CIE 1976) of areas of 8x8 pixels, with equal mean grays.
- noise: of the result (Immerkær), relative to the reference; smoothed texture counts as less noise.
- dark: share of pixels that are visible in the reference (luma 0.25 or more) and deep shadow in the result
  (below 0.12).
- light: mean luma relative to that of the reference.
- s: the least of several for a photo of 600x400; on a machine that others use, compare processor seconds,
  which the result file has as well.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import torch
from night_blur import Method, Numbers, edge_slopes, method_of, read, shake_of
from night_blur import taken as taken_at_night
from timing import FOLDER, write_result
from torch.nn.functional import avg_pool2d
from uneven_light import LIGHTS, evenly_lit, held_out, nights

from lowlight_cli.checkpoints.load import load_enhancer, sha256_of
from lowlight_cli.checkpoints.locate import find_weights
from lowlight_cli.cli.table_layout import Column, Kind
from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.counted import counted
from lowlight_cli.evaluation.color_space import align_gray_mean
from lowlight_cli.evaluation.methods import parse_methods
from lowlight_cli.evaluation.protocols import PROTOCOLS
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.images.pixels import to_pixels
from lowlight_cli.layers.exposure import luma
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.cost import count_parameters
from lowlight_cli.reports.display_image import display_image_of
from lowlight_cli.reports.measure import noise_level
from lowlight_cli.tensors import Images

TIMED = Path(__file__).parents[1] / "sample_images" / "dark_indoor.jpg"
SIDE = 600
SETS = {
    "pairs": "real pairs",
    "backlit": "photos against the light",
    "field": "photos under light fields",
    "shaken": "shaken photos at night",
}
COLUMNS = {
    "PSNR": ("psnr", 2),
    "SSIM": ("ssim", 3),
    "PSNR*": ("psnr*", 2),
    "NIQE": ("niqe", 2),
    "FSIM": ("fsim", 3),
    "edges": ("along", 2),
    "color": ("color", 1),
    "noise": ("noise", 2),
    "dark": ("dark", 3),
    "light": ("light", 2),
}
"""Head of a column -> key of the number and its decimals."""

EXTRA = ("color", "noise", "dark", "light")
"""Columns that a narrow window leaves out first."""

VISIBLE, DEEP = 0.25, 0.12

Cases = dict[str, dict[str, Any]]
"""Title of a row -> parameters, sha256 of the weights, seconds, and numbers by set."""


class Pair(NamedTuple):
    """A dark photo and its reference."""

    dark: Images
    clear: Images


class Row(NamedTuple):
    """A method of the table, with facts about it."""

    enhance: Method
    facts: dict[str, Any]


def main() -> None:
    """Measures all methods on all sets, prints a table of each set, and writes the result."""
    arguments = parsed()
    rows = methods(arguments.models or shipped(), arguments.weights)
    sets = {name: make() for name, make in makers(arguments).items()}
    cases: Cases = {title: row.facts | {"sets": {}} for title, row in rows.items()}
    add_seconds(cases, rows, read(TIMED, SIDE), arguments.repeats)
    scorer = Scorer(("psnr", "ssim", "fsim", "niqe"), gray_mean=True)
    for name, pairs in sets.items():
        for title, row in rows.items():
            print(f"{SETS[name]}: {title}", file=sys.stderr, flush=True)
            found = [judged(row.enhance(pair.dark), pair.clear, scorer) for pair in pairs]
            cases[title]["sets"][name] = {"photos": len(pairs)} | means_of(found)
        show(name, cases)
    path = arguments.out / f"model-table--{arguments.machine}--cpu.json"
    before = json.loads(path.read_text())["cases"] if arguments.update and path.exists() else {}
    print(write_result("model-table", "cpu", arguments.machine, updated(before, cases), arguments.out))


def parsed() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words = {"nargs": "+", "default": []}
    parser.add_argument("--models", metavar="MODEL", help="all that ship if none are given", **words)
    parser.add_argument("--weights", metavar="NAME=FILE", help="rows for other weights of a model", **words)
    parser.add_argument("--sets", choices=SETS, help="all whose folders are given", **words)
    parser.add_argument("--low", type=Path, help="folder of real dark photos")
    parser.add_argument("--high", type=Path, help="folder of their bright partners, with the same names")
    parser.add_argument("--names", default="", help="pairs to take, by name without suffix; all if empty")
    parser.add_argument("--photos", type=Path, help="folder of sharp, bright photos; *_full* in it are taken")
    parser.add_argument("--limit", type=int, help="photos of each set at most, for a quick run")
    parser.add_argument("--repeats", type=int, default=3, help="times that each model is timed; 0 for none")
    parser.add_argument("--update", action="store_true", help="keep all else of the result; needs no set")
    parser.add_argument("--machine", default="unnamed", help="short name for the result file")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the result file")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if not makers(arguments) and not arguments.update:
        parser.error("no set to measure: give --low and --high, or --photos")
    return arguments


def shipped() -> list[str]:
    """The models whose weights ship."""
    return [name for name, entry in MODELS.items() if entry.is_ready and not entry.hidden]


def methods(models: Sequence[str], weights: Sequence[str]) -> dict[str, Row]:
    """The input, each model, and each model with other weights, by title.

    Args:
        models: Names in the catalog.
        weights: Written as ``NAME=FILE``.
    """
    rows = {"input": Row(lambda dark: dark, {})}
    for found in parse_methods([*models, *weights]):
        file = found.checkpoint or shipped_file(found.name)
        enhancer = load_enhancer(found.name, checkpoint=found.checkpoint)
        facts = {"parameters": count_parameters(enhancer), "sha256": file and sha256_of(file)}
        rows[found.title] = Row(method_of(enhancer), facts)
    return rows


def shipped_file(name: str) -> Path | None:
    """The weights of a model's default preset; None if it needs none."""
    entry = MODELS[name]
    return find_weights(entry.weights[entry.default_preset]) if entry.weights else None


def makers(arguments: argparse.Namespace) -> dict[str, Callable[[], list[Pair]]]:
    """Functions that read and darken the photos of the sets that are asked for."""
    given: dict[str, Callable[[], list[Pair]]] = {}
    if arguments.low and arguments.high:
        given["pairs"] = lambda: real_pairs(arguments)
    if arguments.photos:
        given |= {
            "backlit": lambda: uneven("backlit", arguments),
            "field": lambda: uneven("field", arguments),
        }
        given["shaken"] = lambda: shaken(arguments)
    return {name: make for name, make in given.items() if name in (arguments.sets or SETS)}


def real_pairs(arguments: argparse.Namespace) -> list[Pair]:
    """Dark photos and their partners, by name."""
    names = [name for name in arguments.names.split(",") if name]
    bright = {path.stem: path for path in arguments.high.iterdir()}
    dark = [path for path in sorted(arguments.low.iterdir()) if path.stem in (names or bright)]
    if missing := sorted({*names} - {path.stem for path in dark}):
        raise SystemExit(f"{arguments.low}: no photo {missing[0]}")
    return [Pair(read(path, SIDE), read(bright[path.stem], SIDE)) for path in dark[: arguments.limit]]


def photos(arguments: argparse.Namespace) -> list[Images]:
    """Every fourth whole photo of the folder."""
    found = held_out(arguments.photos)[: arguments.limit]
    if not found:
        raise SystemExit(f"{arguments.photos}: fewer than two photos are named *_full*")
    return [read(path, SIDE) for path in found]


def uneven(light: str, arguments: argparse.Namespace) -> list[Pair]:
    """The photos under uneven light, and as they are."""
    clear = photos(arguments)
    return list(map(Pair, nights(clear, LIGHTS[light]), map(evenly_lit, clear)))


def shaken(arguments: argparse.Namespace) -> list[Pair]:
    """The photos taken at night by a camera that moves, and as they are."""
    return [
        Pair(taken_at_night(clear, None, shake_of(number), number, is_shaken=True), clear)
        for number, clear in enumerate(photos(arguments))
    ]


def add_seconds(cases: Cases, rows: Mapping[str, Row], photo: Images, repeats: int) -> None:
    """Adds the least wall and processor seconds of one photo; models take turns, so that load slows all."""
    names = [title for title, row in rows.items() if row.facts]
    rounds: dict[str, list[tuple[float, float]]] = {title: [] for title in names}
    for _ in range(repeats):
        for title in names:
            wall, processor = time.perf_counter(), time.process_time()
            rows[title].enhance(photo)
            rounds[title].append((time.perf_counter() - wall, time.process_time() - processor))
    for title, found in rounds.items() if repeats else ():
        least, processor_least = map(min, zip(*found, strict=True))
        cases[title] |= {
            "least_s": least,
            "processor_least_s": processor_least,
            "threads": torch.get_num_threads(),
        }


def judged(made: Images, clear: Images, scorer: Scorer) -> dict[str, float | None]:
    """All numbers of a result; None for one that cannot be measured."""
    scores = scorer.score(made, clear)[0].values
    level, wanted = luma(made), luma(clear)
    return {
        **scores,
        **edge_slopes(made, clear),
        "color": color_distance(made, clear),
        "noise": noise_of(made) / noise_of(clear),
        "dark": float(((level < DEEP) & (wanted >= VISIBLE)).float().mean()),
        "light": float(level.mean() / wanted.mean()),
    }


def color_distance(made: Images, clear: Images) -> float:
    """Mean distance of a* and b* of areas of 8x8 pixels, after the mean gray was aligned."""
    aligned = align_gray_mean(made, clear, PROTOCOLS["lle"].gray_mean).float()
    first, second = (
        cv2.cvtColor(avg_pool2d(images, 8)[0].permute(1, 2, 0).contiguous().numpy(), cv2.COLOR_RGB2LAB)
        for images in (aligned, clear)
    )
    difference = torch.from_numpy(first - second)[..., 1:]
    return float(difference.norm(dim=2).mean())


def noise_of(images: Images) -> float:
    """Standard deviation of the noise, in [0, 1]."""
    return noise_level(display_image_of(to_pixels(images, sixteen_bit=False)[0]))


def means_of(found: Sequence[Mapping[str, float | None]]) -> Numbers:
    """Mean of each number over the photos that have it; numbers that no photo has are left out."""
    columns = {key: [each[key] for each in found] for key in found[0]}
    known = {key: [value for value in values if value is not None] for key, values in columns.items()}
    return {key: round(sum(values) / len(values), 5) for key, values in known.items() if values}


def updated(before: Cases, now: Cases) -> Cases:
    """The rows of an earlier result with what was measured now; scores of other weights are dropped."""
    kept = dict(before)
    for title, case in now.items():
        old = before.get(title, {})
        old = old if old.get("sha256") == case.get("sha256") else {}
        kept[title] = old | case | {"sets": old.get("sets", {}) | case["sets"]}
    return kept


def show(name: str, cases: Cases) -> None:
    """Prints the table of a set."""
    heads = [Column("", Kind.NAME)]
    heads += [Column(head, Kind.NUMBER, rank=int(head in EXTRA)) for head in (*COLUMNS, "s", "params")]
    rows = []
    for title, case in cases.items():
        numbers = case["sets"][name]
        texts = [f"{numbers[key]:.{digits}f}" if key in numbers else "-" for key, digits in COLUMNS.values()]
        seconds, size = case.get("least_s"), case.get("parameters")
        rows.append((title, *texts, f"{seconds:.2f}" if seconds else "-", f"{size:,}" if size else "-"))
    photos = counted(next(iter(cases.values()))["sets"][name]["photos"], "photo")
    print(f"\n{SETS[name]}, {photos}")
    print_table(table(heads, rows), more="the result file")


if __name__ == "__main__":
    main()
