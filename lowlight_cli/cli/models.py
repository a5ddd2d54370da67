"""``lle models``: lists and describes models, checks and imports their weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.checkpoints.locate import user_folders
from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import emit
from lowlight_cli.cli.tables import aligned, as_json, print_table, table
from lowlight_cli.counted import counted
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.catalog import MODELS

if TYPE_CHECKING:
    from lowlight_cli.checkpoints.model_info import ModelInfo, WeightsInfo
    from lowlight_cli.checkpoints.verify import Verdict

app = typer.Typer(help="List models, and check or import their weights.", no_args_is_help=True)


def visible_models() -> list[str]:
    """Names of the models that lists and completions show."""
    return [name for name, entry in MODELS.items() if not entry.hidden]


def complete_model(incomplete: str) -> list[str]:
    """Names of models that start with ``incomplete``."""
    return [name for name in visible_models() if name.startswith(incomplete)]


def complete_preset(context: typer.Context, incomplete: str) -> list[str]:
    """Presets of the model given before, or of all models, that start with ``incomplete``."""
    names = [context.params.get("name")] if context.params.get("name") in MODELS else visible_models()
    presets = {preset for name in names for preset in MODELS[str(name)].presets}
    return sorted(preset for preset in presets if preset.startswith(incomplete))


NameArgument = Annotated[str, typer.Argument(help="Name of the model.", autocompletion=complete_model)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list", short_help="List models and their presets.")
def list_models(context: typer.Context, as_json_: JsonOption = False) -> None:
    """List models and their presets: size, weights and license.

    Weights ship with lle, were imported, or are not here; `lle models info MODEL` says more about a model.

    Example:  lle models list
    """
    from lowlight_cli.cli.models_list import list_document, list_table

    entries = [MODELS[name] for name in visible_models()]
    if as_json_:
        emit(as_json(list_document(entries)))
    else:
        print_table(list_table(entries), framed=False)


@app.command("info", short_help="Print size, cost, weights and licence.")
def show_model(
    name: NameArgument,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Preset of the model.", autocompletion=complete_preset, show_default="that of the model"
        ),
    ] = None,
    as_json_: JsonOption = False,
) -> None:
    """Print parameters, cost, weights and licences of a model.

    Example:  lle models info codeenhance --preset lite
    """
    # Unknown names are refused before torch is imported.
    _ = MODELS[name].presets[preset or MODELS[name].default_preset]
    from lowlight_cli.checkpoints.model_info import describe_model

    facts = describe_model(name, preset)
    if as_json_:
        emit(as_json(facts))
    else:
        emit(_info_text(facts))


@app.command("verify", short_help="Check the weights files.")
def verify(
    name: Annotated[
        str | None, typer.Argument(help="Name of the model [default: all].", autocompletion=complete_model)
    ] = None,
    as_json_: JsonOption = False,
) -> None:
    """Check the weights files: their SHA-256, and that they fit the model.

    Exits with code 6 if a file is missing or damaged. Weights to import are optional.

    Example:  lle models verify
    """
    entries = [MODELS[name]] if name else [MODELS[shown] for shown in visible_models()]
    from lowlight_cli.checkpoints.verify import Condition, verify_model

    verdicts = [verdict for entry in entries for verdict in verify_model(entry)]
    if as_json_:
        emit(as_json(verdicts))
    elif verdicts:
        from lowlight_cli.cli.table_layout import Column, Kind

        columns = (Column(""), Column(""), Column("", Kind.NAME), Column(""), Column(""))
        print_table(table(columns, map(_verdict_row, verdicts)), framed=False)
    broken = [verdict for verdict in verdicts if verdict.condition is Condition.BROKEN]
    if broken:
        files = counted(len(verdicts), "weights file")
        raise WeightsError(f"{len(broken)} of {files} missing or damaged; reinstall or import again")


@app.command("import", short_help="Import weights published by authors.")
def import_weights(
    context: typer.Context,
    name: NameArgument,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Weights files as published by the authors.", exists=True, dir_okay=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Output file.",
            show_default="in the first folder of `lle models path`",
        ),
    ] = None,
) -> None:
    """Import weights that the authors of a paper published.

    Nothing in the files is executed. GLARE is published as two files; pass both.

    Example:  lle models import codeenhance net_g_latest.pth
    """
    _ = MODELS[name]
    from lowlight_cli.checkpoints.import_weights import import_weights

    done = import_weights(name, files, out)
    quiet = settings_of(context).quiet
    emit(f"{done.target}")
    counts = f"{counted(done.tensors, 'tensor')}, {counted(done.parameters, 'value')}, of {done.model}"
    say(f"imported {counts}; dropped {counted(len(done.dropped), 'key')}", quiet=quiet)


@app.command("path")
def show_folders() -> None:
    """Print the folders of imported weights. New weights go to the first one.

    They are those listed in LLE_MODEL_DIR, or else `models` in the user's data folder.

    Example:  lle models path
    """
    emit("\n".join(map(str, user_folders())))


def _verdict_row(verdict: "Verdict") -> tuple[str, ...]:
    state, reason = verdict.condition.value, verdict.message
    if state == "absent":
        state = "not imported (optional)" if verdict.published else "never published (optional)"
        reason = ""
    return verdict.model, verdict.part, verdict.file, state, reason


def _info_text(facts: "ModelInfo") -> str:
    head = [
        ("model", f"{facts.name} ({facts.preset})"),
        ("summary", facts.summary),
        ("source", facts.source),
        ("licence", facts.licence),
        *_weights_rows(facts.weights),
    ]
    parts = [(name, count) for name, count in facts.parts.items() if count]
    parameters = [*parts, ("all", facts.parameters)]
    return "\n".join(
        (
            aligned(head),
            "parameters",
            aligned(parameters, indent=2),
            "GFLOP (a multiplication and an addition are two)",
            aligned(facts.gflop.items(), indent=2),
        )
    )


def _weights_rows(weights: "WeightsInfo | None") -> list[tuple[str, str]]:
    if weights is None:
        return [("weights", "none needed")]
    return [
        ("weights", str(weights.path or f"{weights.file} (not on this machine)")),
        ("sha256", weights.sha256 or "-"),
        *([("remedy", weights.remedy)] if weights.remedy else []),
        ("weights licence", weights.licence),
    ]
