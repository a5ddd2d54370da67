"""Tells what each part of GLARE is good for, on held-out pairs.

python benchmarks/glare_ablation.py PAIRS [--stage-one vqgan-lite.safetensors] [--plain plain.safetensors]

"Codes alone" is what the frozen decoder makes of the codes nearest to a latent; a code is right where it is
that of the bright picture. ``--plain`` is a network that was trained like stage II, but without a flow.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from lowlight_cli.checkpoints.load import fill, load_enhancer, whole_weights
from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.datasets.matching import match
from lowlight_cli.evaluation.pixel_metrics import psnr, ssim
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import crop, pad_to_multiple
from lowlight_cli.images.pixels import to_images
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.glare.model import Glare
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.training.warm_start import load_part

UNSEEN = ("274", "275", "277", "278", "300", "303", "313")
"""Held-out pictures whose scene no photo of the training shows."""

LEFT_OUT = -1e4
"""Before a sigmoid: no share at all."""

Case = tuple[str, Tensor, Tensor | None]
"""Name, picture, and the latent whose codes are counted."""


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="weights in place of the shipped ones")
    parser.add_argument(
        "--stage-one", type=Path, help="weights of stage I; that of the shipped weights does not ship"
    )
    parser.add_argument("--plain", type=Path, help="weights of stage II without a flow")
    arguments = parser.parse_args()
    model = glare(arguments.checkpoint)
    plain = glare(arguments.plain) if arguments.plain else None
    prior = stage_one(model, arguments.stage_one)
    found = match(arguments.pairs / "low", arguments.pairs / "high").partners
    for title, names in (("nothing seen", UNSEEN), ("all held out", DATASETS["ELIEI"].validation)):
        pairs = [pair for pair in found if pair.name in names]
        rows = [dict(scores(model, plain, prior, pair.picture, pair.reference)) for pair in pairs]
        print(f"{len(pairs)} pictures, {title}")
        for case in rows[0]:
            right, decibels, likeness = torch.tensor([row[case] for row in rows]).mean(0).tolist()
            print(f"  {case:48} codes right {right:6.1%}  PSNR {decibels:6.2f} dB  SSIM {likeness:.4f}")


def glare(checkpoint: Path | None) -> Glare:
    """The network with its weights."""
    model = load_enhancer("glare", checkpoint=checkpoint)
    if not isinstance(model, Glare):
        raise TypeError("the ablation is of GLARE")
    return model


def stage_one(model: Glare, path: Path | None) -> Vqgan:
    """The network of stage I, which tells the codes of bright pictures."""
    prior = Vqgan(model.config.vqgan).eval()
    given, path = path, path or whole_weights(MODELS["codeenhance"].stages["vqgan"])
    fill(prior, load_part(path), path)
    if given is None and not torch.allclose(prior.codebook.codes, model.codebook.codes, atol=1e-3):
        raise SystemExit("these weights have the codes of another stage I: name it with --stage-one")
    return prior


@torch.inference_mode()
def scores(
    model: Glare, plain: Glare | None, prior: Vqgan, low: Path, high: Path
) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Share of right codes (nan where there are none), PSNR and SSIM of each case, for one pair."""
    dark, bright = (to_images([decode(path).pixels]) for path in (low, high))
    padded, target = (pad_to_multiple(images, model.size_multiple) for images in (dark, bright))
    wanted = prior.encode(target)
    for case, whole, latent in cases(model, plain, padded, wanted):
        made = crop(whole.clamp(0, 1), *dark.shape[2:])
        right = torch.tensor(float("nan"))
        if latent is not None:
            right = (model.codebook.nearest(latent) == model.codebook.nearest(wanted)).float().mean()
        yield case, (float(right), float(psnr(made, bright)), float(ssim(made, bright)))


def cases(model: Glare, plain: Glare | None, dark: Tensor, wanted: Tensor) -> Iterator[Case]:
    """Each way to a picture."""
    yield "codes alone, of the bright picture itself", model.show_codes(wanted), wanted
    facts: dict[str, Tensor] = {}
    conditions = model.read_conditions(dark, facts)
    found = model.retrieve(conditions)
    yield "codes alone, found by the flow", model.show_codes(found), found
    if conditions.base is not None:
        base = conditions.base
        yield "codes alone, by the same encoder without its flow", model.show_codes(base), base
    if plain is not None:
        regressed = plain.retrieve(plain.read_conditions(dark, {}))
        yield "codes alone, by plain regression, trained alike", model.show_codes(regressed), regressed
    yield "latent of the flow, decoded without codes", model.decoder(model.post_quant(found)), None
    yield "GLARE", model.decode(found, conditions, 1.0, {}).images, found
    yield (
        "GLARE without the dark features (texture 0)",
        model.decode(found, conditions, 0.0, {}).images,
        found,
    )
    shares = [part for name, part in model.fusing.named_parameters() if name.endswith("share")]
    before = [share.data.clone() for share in shares]
    for share in shares:
        share.data.fill_(LEFT_OUT)
    yield "GLARE without what the codes show", model.decode(found, conditions, 1.0, {}).images, None
    for share, value in zip(shares, before, strict=True):
        share.data.copy_(value)


if __name__ == "__main__":
    main()
