"""Reads which models, classic methods and folders of results are to be compared; torch-free."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lowlight_cli import defaults
from lowlight_cli.catalog import Catalog
from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.baselines import BASELINES
from lowlight_cli.models.catalog import MODELS


@dataclass(frozen=True, slots=True)
class Method:
    """One method that makes the images to score.

    Attributes:
        title: Name in tables.
        kind: ``model``, ``baseline`` (a classic method) or ``files`` (results made elsewhere).
        name: Name in the catalog of its kind; empty for files.
        preset: Size of a model; None for its default.
        checkpoint: Weights of a model; None for those that ship.
        folder: Folder of files.
    """

    title: str
    kind: Literal["model", "baseline", "files"]
    name: str = ""
    preset: str | None = None
    checkpoint: Path | None = None
    folder: Path | None = None


def parse_methods(
    models: Sequence[str],
    preds: Sequence[str] = (),
    *,
    preset: str | None = None,
    checkpoint: Path | None = None,
) -> tuple[Method, ...]:
    """The methods to compare, models first; the default model if nothing is given.

    Args:
        models: Written as ``codeenhance``, ``codeenhance:paper``, ``codeenhance=FILE`` or ``gamma``.
        preds: Written as ``DIR`` or ``NAME=DIR``.
        preset: Size of the model, if there is exactly one and it names none.
        checkpoint: Weights of the model, if there is exactly one and it names none.

    Raises:
        UnknownNameError: There is no such model, method or preset.
        UsageError: Two methods have the same name, or it is not clear which model an option is for.
    """
    words = models or ([] if preds else [defaults.MODEL])
    found = [_model(word, preset, checkpoint) for word in words]
    if (preset or checkpoint) and [each.kind for each in found].count("model") != 1:
        raise UsageError("--preset and --checkpoint need one model; or use -m NAME:PRESET and -m NAME=FILE")
    found = [*_with_distinct_titles(found), *map(_files, preds)]
    titles = [each.title for each in found]
    for title in titles:
        if titles.count(title) > 1:
            raise UsageError(f"two of the methods are called '{title}'; name results with --pred NAME=DIR")
    return tuple(found)


def _model(word: str, preset: str | None, checkpoint: Path | None) -> Method:
    rest, _, file = word.partition("=")
    name, _, size = rest.partition(":")
    _ = Catalog("method", {**MODELS, **BASELINES})[name]
    if name in BASELINES:
        if size or file:
            raise UsageError(f"'{word}': {name} has no presets and no weights; use -m {name}")
        return Method(name, "baseline", name)
    _ = MODELS[name].presets[size or preset or MODELS[name].default_preset]
    weights = Path(file) if file else checkpoint
    title = f"{word.removesuffix(file)}{Path(file).stem}" if file else word
    return Method(title, "model", name, size or preset, weights)


def _with_distinct_titles(found: Sequence[Method]) -> Iterable[Method]:
    """The methods; weights with the same file name get the name of their folder, too."""
    titles = [each.title for each in found]
    return [_titled_by_folder(each) if titles.count(each.title) > 1 else each for each in found]


def _titled_by_folder(model: Method) -> Method:
    if model.checkpoint is None:
        return model
    folder = model.checkpoint.absolute().parent.name
    return replace(model, title=model.title.replace("=", f"={folder}-", 1))


def _files(word: str) -> Method:
    name, equals, folder = word.partition("=")
    if not equals or Path(word).is_dir():
        return Method(Path(word).resolve().name, "files", folder=Path(word))
    return Method(name, "files", folder=Path(folder))
