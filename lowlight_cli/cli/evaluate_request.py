"""Words of a call of ``lle eval`` -> what is to be compared on what; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lowlight_cli.catalog import Catalog
from lowlight_cli.datasets.catalog import find_dataset
from lowlight_cli.datasets.locate import data_roots, locate
from lowlight_cli.datasets.matching import PairBy
from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.baselines import BASELINES
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.columns import STAR
from lowlight_cli.evaluation.protocols import PROTOCOLS
from lowlight_cli.evaluation.result import Subject
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.control_support import control_handlers

if TYPE_CHECKING:
    from lowlight_cli.models.controls import Controls

DEFAULT_MODEL = "codeenhance"


@dataclass(frozen=True, slots=True)
class Method:
    """One way to make pictures that is to be scored.

    Attributes:
        title: What tables call it.
        kind: ``model``, ``baseline`` (without learning) or ``files`` (made elsewhere).
        name: In the catalog of its kind; empty for files.
        preset: Size of a model, or None for its default.
        checkpoint: Weights of a model in place of those that ship, or None.
        folder: Of files.
    """

    title: str
    kind: Literal["model", "baseline", "files"]
    name: str = ""
    preset: str | None = None
    checkpoint: Path | None = None
    folder: Path | None = None


def contestants_from(
    models: Sequence[str], preds: Sequence[str], preset: str | None, checkpoint: Path | None
) -> list[Method]:
    """What is compared, models first.

    Args:
        models: As ``codeenhance``, ``codeenhance:paper``, ``codeenhance=FILE`` or ``gamma``.
        preds: As ``DIR`` or ``NAME=DIR``.
        preset: Size of the model, where it is one and does not say itself.
        checkpoint: Its weights, likewise.

    Raises:
        UsageError: A name is unknown or stands for two of them, or an option does not say whose it is.
    """
    words = list(models) or ([] if preds else [DEFAULT_MODEL])
    found = [_model(word, preset, checkpoint) for word in words]
    learned = [each for each in found if each.kind == "model"]
    if (preset or checkpoint) and len(learned) != 1:
        raise UsageError("--preset and --checkpoint need one model; or write -m NAME:PRESET, -m NAME=FILE")
    found = _told_apart(found) + [_files(word) for word in preds]
    titles = [each.title for each in found]
    for title in titles:
        if titles.count(title) > 1:
            raise UsageError(f"two of the methods are called '{title}'; name results with --pred NAME=DIR")
    return found


def subject_from(
    dataset: str | None,
    split: str | None,
    data_root: Path | None,
    folders: tuple[Path | None, Path | None],
    pair_by: PairBy,
) -> Subject:
    """What methods are compared on.

    Args:
        dataset: Name of a data set, or None.
        split: Its part.
        data_root: Where it lies.
        folders: Of dark pictures and of references, in place of a data set.
        pair_by: How partners are found.

    Raises:
        UsageError: Both or neither of a data set and folders are given, or a folder is missing.
        WeightsError: The data set is not here.
    """
    low, references = folders
    if dataset is not None:
        if low or references:
            raise UsageError("--dataset excludes --low and --gt")
        entry = find_dataset(dataset)
        place = locate(entry, split, data_roots(data_root))
        return Subject(
            entry.name, place.split, place.low, place.high, pair_by, entry.note, ignored=place.ignored
        )
    if split is not None:
        raise UsageError("--split needs --dataset")
    for option, folder in (("--low", low), ("--gt", references)):
        if folder is not None and not folder.is_dir():
            raise UsageError(f"{option} '{folder}' is not a folder")
    name = " and ".join("/".join(folder.resolve().parts[-2:]) for folder in folders if folder is not None)
    return Subject(name or "results", None, low, references, pair_by)


def check_contestants(subject: Subject, methods: Sequence[Method]) -> None:
    """Makes sure that there is something to score.

    Raises:
        UsageError: There are no pictures, or no dark ones for a model.
    """
    needy = [each.title for each in methods if each.kind != "files"]
    if needy and subject.low is None:
        raise UsageError("give dark pictures with --dataset or --low, or results with --pred")
    for each in methods:
        if each.folder is not None and not each.folder.is_dir():
            raise UsageError(f"--pred '{each.folder}' is not a folder")


def check_effects(methods: Sequence[Method], save: Path | None, changed: Sequence[str]) -> None:
    """Makes sure that no option is given in vain.

    Args:
        methods: The methods.
        save: Folder for results, or None.
        changed: Options about the look that are not as they are by themselves.

    Raises:
        UsageError: An option acts on none of the methods.
    """
    kinds = {each.kind for each in methods}
    if changed and "model" not in kinds:
        raise UsageError(f"{', '.join(changed)} would change nothing: no model is scored; name one with -m")
    if save is not None and kinds == {"files"}:
        raise UsageError("--save-pred would save nothing: only results that are there already are scored")


def check_controls(methods: Sequence[Method], controls: "Controls") -> None:
    """Makes sure, before the first picture is scored, that every model has what is turned.

    Raises:
        UsageError: A model lacks a control; the message names those that have it.
    """
    for each in methods:
        if each.kind == "model":
            control_handlers(each.name, controls)


def check_results_folder(save: Path | None, subject: Subject, methods: Sequence[Method]) -> None:
    """Makes sure that results take the place of no picture that is read.

    Args:
        save: Folder for results, or None.
        subject: Pictures and references.
        methods: The methods; where there are several, each has a folder of its own.

    Raises:
        UsageError: Results would lie among pictures that are read.
    """
    if save is None:
        return
    sources = [subject.low, subject.references, *(each.folder for each in methods)]
    for each in methods:
        place = (save / each.title if len(methods) > 1 else save).resolve()
        for source in sources:
            if each.kind != "files" and source is not None and place.is_relative_to(source.resolve()):
                raise UsageError(f"--save-pred '{save}': results would lie among the pictures of '{source}'")


def check_metrics(names: Sequence[str], protocol: str, subject: Subject) -> None:
    """Makes sure that a metric can be computed where there are no references, and by the protocol.

    Raises:
        UnknownNameError: There is no such protocol.
        UsageError: All metrics need references, and there are none.
    """
    _ = PROTOCOLS[protocol]
    if subject.references is None and all(METRICS[name].needs_reference for name in names):
        raise UsageError(f"{', '.join(names)}: needs references; name their folder with --gt")


def metric_names(text: str) -> list[str]:
    """Names of metrics from ``psnr,ssim``, each once.

    Raises:
        UnknownNameError: There is no such metric.
        UsageError: There is none.
    """
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError("--metrics names none")
    return [METRICS[name].name for name in names]


def column_names(metrics: Sequence[str], *, paired: bool, gt_mean: bool) -> list[str]:
    """Columns that these metrics would fill.

    Args:
        metrics: Names in ``METRICS``.
        paired: Whether there are references.
        gt_mean: Whether aligned brightness is scored as well.
    """
    names = []
    for metric in metrics:
        if paired or not METRICS[metric].needs_reference:
            names.append(metric)
        if paired and gt_mean and METRICS[metric].needs_reference:
            names.append(metric + STAR)
    return names


def _model(word: str, preset: str | None, checkpoint: Path | None) -> Method:
    rest, _, file = word.partition("=")
    name, _, size = rest.partition(":")
    _ = Catalog("method", {**MODELS, **BASELINES})[name]
    if name in BASELINES:
        if size or file:
            raise UsageError(f"'{word}': {name} has no presets and no weights")
        return Method(name, "baseline", name)
    chosen = size or preset or MODELS[name].default_preset
    _ = MODELS[name].presets[chosen]  # an unknown name ends the run here
    weights = Path(file) if file else checkpoint
    title = f"{word.removesuffix(file)}{Path(file).stem}" if file else word
    return Method(title, "model", name, size or preset, weights)


def _told_apart(found: list[Method]) -> list[Method]:
    """The same models; weights of one file name, as runs leave them, are called by their folders, too."""
    titles = [each.title for each in found]
    return [_by_folder(each) if titles.count(each.title) > 1 else each for each in found]


def _by_folder(model: Method) -> Method:
    if model.checkpoint is None:
        return model
    folder = model.checkpoint.absolute().parent.name
    return replace(model, title=model.title.replace("=", f"={folder}-", 1))


def _files(word: str) -> Method:
    name, equals, folder = word.partition("=")
    if not equals or Path(word).is_dir():
        return Method(Path(word).resolve().name, "files", folder=Path(word))
    return Method(name, "files", folder=Path(folder))
