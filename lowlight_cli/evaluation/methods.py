"""Reads which models, classic methods and folders of results are to be compared; torch-free."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lowlight_cli import defaults
from lowlight_cli.catalog import Catalog
from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.baselines import BASELINES, UNCHANGED
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


_LABEL = re.compile(r"(?P<label>[^=]*?):\s+(?P<method>.*)", re.DOTALL)
"""A label, a colon and white space before a method. Paths only follow the ``=`` of weights, so that neither a
drive such as ``C:`` nor a colon in the name of a folder is taken for the end of a label."""


def default_methods(*, has_references: bool) -> tuple[str, ...]:
    """The methods that are compared if none is given.

    Without references a score says little alone, so that the dark images are scored beside the default model.
    """
    return (defaults.MODEL,) if has_references else (defaults.MODEL, UNCHANGED)


def parse_methods(
    models: Sequence[str],
    preds: Sequence[str] = (),
    *,
    preset: str | None = None,
    checkpoint: Path | None = None,
) -> tuple[Method, ...]:
    """The methods to compare, models first.

    Args:
        models: Written as ``codeenhance``, ``codeenhance:paper``, ``codeenhance=FILE`` or ``gamma``; each may
            have a label before it: ``mine: codeenhance=FILE``.
        preds: Written as ``DIR`` or ``NAME=DIR``.
        preset: Size of the model, if there is exactly one and it names none.
        checkpoint: Weights of the model, if there is exactly one and it names none.

    Raises:
        UnknownNameError: There is no such model, method or preset.
        UsageError: Two methods have the same name, or it is not clear which model an option is for.
    """
    found = [_labeled(word, preset, checkpoint) for word in models]
    if (preset or checkpoint) and [each.kind for each in found].count("model") != 1:
        raise UsageError("--preset and --checkpoint need one model; or use -m NAME:PRESET and -m NAME=FILE")
    found = [*_with_distinct_titles(found), *map(_files, preds)]
    for each in found:
        equal = [other for other in found if other.title == each.title]
        if len(equal) > 1:
            raise UsageError(f"two of the methods are called '{each.title}'; {_how_to_tell_apart(equal)}")
    return tuple(found)


def _how_to_tell_apart(equal: Sequence[Method]) -> str:
    if any(each.kind == "files" for each in equal):
        return "name results with --pred NAME=DIR"
    name = equal[0].name
    if equal[0].kind == "model" and not any(each.checkpoint for each in equal):
        return f"to compare weights, use -m {name}=WEIGHTS for each, or -m 'LABEL: {name}=WEIGHTS' to name it"
    return f"name them with -m 'LABEL: {name}'"


def _labeled(word: str, preset: str | None, checkpoint: Path | None) -> Method:
    found = _LABEL.fullmatch(word)
    if found is None:
        return _model(word, preset, checkpoint)
    label = found["label"].strip()
    if not label or label in (".", "..") or set(label) & set("/\\"):
        raise UsageError(f"-m '{word}': '{label}' is not a label; write -m 'mine: codeenhance=FILE'")
    return replace(_model(found["method"].strip(), preset, checkpoint), title=label)


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
    if model.checkpoint is None or "=" not in model.title:
        return model
    folder = model.checkpoint.absolute().parent.name
    return replace(model, title=model.title.replace("=", f"={folder}-", 1))


def _files(word: str) -> Method:
    name, equals, folder = word.partition("=")
    if not equals or Path(word).is_dir():
        return Method(Path(word).resolve().name, "files", folder=Path(word))
    return Method(name, "files", folder=Path(folder))
