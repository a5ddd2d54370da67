"""``lle train``: one subcommand for each recipe."""

from typing import Any

import typer

from lowlight_cli.cli.train_ablate import ablate
from lowlight_cli.cli.train_bench import bench
from lowlight_cli.cli.train_options import Shared, with_shared_options
from lowlight_cli.cli.train_run import train
from lowlight_cli.cli.train_sources import (
    DegradationOption,
    LabelRootOption,
    LabelsOption,
    PairsOption,
    Phase,
    PhaseOption,
    SemanticOption,
    Size,
    SizeOption,
    StageOption,
    StartOption,
    VqganOption,
)
from lowlight_cli.errors import UsageError

app = typer.Typer(help="Train a model from folders of pictures.", no_args_is_help=True)


@app.command()
@with_shared_options
def semantic(shared: Shared, labels: LabelsOption = None, label_root: LabelRootOption = None) -> None:
    """Train the compact semantic network on photos with class maps.

    Example:  lle train semantic --data photos --labels maps --label-root photos --out runs/semantic
    """
    train("semantic", shared, {"data.labels": labels, "data.label_root": label_root})


@app.command()
@with_shared_options
def vqgan(shared: Shared) -> None:
    """Train stage I: a codebook and a decoder of well-lit photos.

    Example:  lle train vqgan --data photos --out runs/vqgan
    """
    train("vqgan", shared, {})


@app.command()
@with_shared_options
def codeenhance(
    shared: Shared, pairs: PairsOption = None, vqgan: VqganOption = None, semantic: SemanticOption = None
) -> None:
    """Train stage II: the enhancement, from darkened photos and real pairs.

    Example:  lle train codeenhance --data photos --pairs pairs --vqgan runs/vqgan/vqgan.safetensors
    --semantic runs/semantic/semantic.safetensors --out runs/codeenhance
    """
    train("codeenhance", shared, {"data.pairs": pairs, "vqgan": vqgan, "semantic": semantic})


@app.command()
@with_shared_options
def codeenhance_tune(shared: Shared, pairs: PairsOption = None, start: StartOption = None) -> None:
    """Go on with trained weights of CodeEnhance, on your own photos or pairs.

    Without --start it goes on with the weights that ship.

    Example:  lle train codeenhance-tune --data photos --pairs pairs --out runs/tuned
    """
    from lowlight_cli.checkpoints.locate import shipped_folder
    from lowlight_cli.models.catalog import MODELS

    start = start or shipped_folder() / MODELS["codeenhance"].weights["lite"].file
    train("codeenhance-tune", shared, {"data.pairs": pairs, "start": start})


@app.command()
@with_shared_options
def glare(
    shared: Shared,
    stage: StageOption,
    pairs: PairsOption = None,
    vqgan: VqganOption = None,
    start: StartOption = None,
) -> None:
    """Train a stage of GLARE; the third starts from what the second made.

    Example:  lle train glare --stage 3 --data photos --pairs pairs --start runs/flow/glare.safetensors
    --out runs/glare
    """
    if stage == 1:
        _refuse_given("stage 2 and 3", pairs=pairs, vqgan=vqgan, start=start)
        train("vqgan", shared, {}, published="glare-vqgan")
        return
    if stage == 3 and start is None and not shared.values["print_config"]:
        raise UsageError("stage 3 starts from what stage 2 made: give --start FILE")
    name = "glare-flow" if stage == 2 else "glare-fusion"
    train(name, shared, {"data.pairs": pairs, "vqgan": vqgan, "start": start})


@app.command()
@with_shared_options
def vqcnir(
    shared: Shared,
    phase: PhaseOption = Phase.LQ,
    pairs: PairsOption = None,
    vqgan: VqganOption = None,
    start: StartOption = None,
) -> None:
    """Train a phase of VQCNIR, on pictures that are dark and blurred.

    Example:  lle train vqcnir --data photos --pairs pairs --out runs/vqcnir
    """
    if phase is Phase.HQ:
        _refuse_given("phase lq", pairs=pairs, vqgan=vqgan, start=start)
        train("vqgan", shared, {}, published="vqcnir-vqgan")
        return
    train("vqcnir", shared, {"data.pairs": pairs, "vqgan": vqgan, "start": start})


def _refuse_given(use: str, **options: object) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        raise UsageError(f"--{given[0]} is for {use}")


@app.command()
@with_shared_options
def drgn_degradation(shared: Shared, size: SizeOption = None, pairs: PairsOption = None) -> None:
    """Train the first stage of DRGN: what darkness adds to a picture.

    Example:  lle train drgn-degradation --data photos --pairs pairs --out runs/degradation
    """
    train("drgn-degradation", shared, {"model": _drgn_shape(shared, size), "data.pairs": pairs})


@app.command()
@with_shared_options
def drgn_refinement(
    shared: Shared,
    size: SizeOption = None,
    pairs: PairsOption = None,
    degradation: DegradationOption = None,
) -> None:
    """Train the second stage of DRGN: the picture without its degradation.

    Example:  lle train drgn-refinement --data photos --pairs pairs
    --degradation runs/degradation/drgn-degradation.safetensors --out runs/refinement
    """
    model = _drgn_shape(shared, size)
    own = {"model": model, "data.pairs": pairs, "degradation": degradation}
    train("drgn-refinement", shared, own)


def _drgn_shape(shared: Shared, size: str | None) -> dict[str, Any] | None:
    """Settings of the network of that size; None where a file or a preset says which."""
    preset, file = shared.values["preset"], shared.values["config"]
    if size is None and (file or preset not in (None, "lite")):
        return None
    from lowlight_cli.models.drgn.config import PRESETS

    shape: dict[str, Any] = PRESETS[size or Size.LIGHT][preset or "lite"].model_dump()
    return shape


app.command()(with_shared_options(ablate))
app.command()(with_shared_options(bench, keeps=False))
