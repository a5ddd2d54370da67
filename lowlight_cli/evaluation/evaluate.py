"""Runs one evaluation, in the order in which it happens: find images, build metrics, run methods, sum up."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.counted import counted
from lowlight_cli.datasets.catalog import find_dataset
from lowlight_cli.datasets.check import count_note
from lowlight_cli.datasets.locate import data_roots, locate
from lowlight_cli.datasets.matching import Matching, Problem
from lowlight_cli.device import choose_device, scoring_device
from lowlight_cli.errors import ImageError, UnexpectedImageError, UsageError, WeightsError
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.columns import Column, column_named
from lowlight_cli.evaluation.extremes import Extremes
from lowlight_cli.evaluation.methods import Method
from lowlight_cli.evaluation.observer import Observer
from lowlight_cli.evaluation.protocols import PROTOCOLS
from lowlight_cli.evaluation.request import EvalRequest
from lowlight_cli.evaluation.result import EvalData, Evaluation, MethodResult, ScoredImage, judged_index
from lowlight_cli.evaluation.run_method import match_images, run_method
from lowlight_cli.evaluation.saved_results import SavedResults
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.evaluation.score_images import ImageEvents, Loaded
from lowlight_cli.images.picture import Pixels
from lowlight_cli.versions import version_of


def evaluate(request: EvalRequest, observer: Observer | None = None) -> Evaluation:
    """Scores methods on images; an image that fails is a problem of its method, not the end.

    Args:
        request: What to score.
        observer: Hears about the evaluation while it goes on.

    Raises:
        UsageError: A folder is missing, or results would be written among images that are read, or over
            files that were not written here.
        OutputError: The record of saved results cannot be read.
        WeightsError: The dataset or weights are missing, there are no images, or no metric can be computed.
        UnavailableError: The machine lacks the device, or it can no longer be used.
    """
    observer = observer or Observer()
    methods = request.parsed_methods()
    data = _find_data(request)
    _check_folders(request, data, methods)
    for warning in _same_folders(data, methods):
        observer.warning(warning)
    matchings = [match_images(each, data) for each in methods]
    if not any(matching.expected for matching in matchings):
        raise WeightsError(f"no images in {data.title}")
    saved = _saved_results(request, methods, matchings)
    scorer = Scorer(
        request.metrics,
        request.protocol,
        device=scoring_device(request.settings.device),
        metrics_dir=request.metrics_dir,
        gray_mean=request.gt_mean,
        download=request.download,
    )
    columns = _columns(scorer, data, observer)
    extremes = Extremes(columns[0]) if request.thumbnails else None
    tasks = list(zip(methods, matchings, saved, strict=True))
    results = _run_methods(tasks, scorer, request, extremes, observer)
    for hint in dict.fromkeys(_pairing_hints(request, matchings)):
        observer.warning(hint)
    return Evaluation(
        data,
        PROTOCOLS[request.protocol],
        columns,
        results,
        scorer.missing,
        tuple(_notes(request, data, scorer, results, matchings)),
        request.settings.device if request.settings.device != "auto" else str(choose_device("auto")),
        _versions(scorer),
        extremes.thumbnails() if extremes else {},
    )


def _find_data(request: EvalRequest) -> EvalData:
    if request.dataset is not None:
        entry = find_dataset(request.dataset)
        place = locate(entry, request.split, data_roots(request.data_root))
        return EvalData(
            entry.name, place.split, place.low, place.high, request.pair_by, entry.note, place.ignored
        )
    folders = [folder for folder in (request.low, request.gt) if folder is not None]
    name = " and ".join("/".join(folder.resolve().parts[-2:]) for folder in folders)
    return EvalData(name or "results", None, request.low, request.gt, request.pair_by)


def _check_folders(request: EvalRequest, data: EvalData, methods: Sequence[Method]) -> None:
    """Makes sure that folders exist, and that results do not mix with images that are read."""
    options = ("--low", data.low), ("--gt", data.references), *(("--pred", each.folder) for each in methods)
    sources = [(option, folder) for option, folder in options if folder is not None]
    for option, folder in sources:
        if not folder.is_dir():
            raise UsageError(f"{option} '{folder}' is not a folder")
    targets = [target for each in methods if (target := _save_folder(request, each)) is not None]
    for _, source in sources:
        if any(target.resolve().is_relative_to(source.resolve()) for target in targets):
            raise UsageError(
                f"--save-pred '{request.save_pred}': results would lie among the images of '{source}'; "
                "choose another folder"
            )


def _same_folders(data: EvalData, methods: Sequence[Method]) -> Iterator[str]:
    """A warning for each folder that is compared with itself."""
    references = data.references
    if references is None:
        return
    if data.low is not None and data.low.samefile(references):
        yield f"low and gt are the same folder, '{references}': the dark images are their own references"
    for each in methods:
        if each.folder is not None and each.folder.samefile(references):
            yield f"pred and gt are the same folder, '{references}': {each.title} is compared with itself"


def _save_folder(request: EvalRequest, method: Method) -> Path | None:
    """Where the results of a method are written; None if they are not."""
    added = not request.methods  # the default methods: only the model makes something new
    if request.save_pred is None or method.kind == "files" or (added and method.kind == "baseline"):
        return None
    is_only = added or len(request.parsed_methods()) == 1
    return request.save_pred if is_only else request.save_pred / method.title


def _saved_results(
    request: EvalRequest, methods: Sequence[Method], matchings: Sequence[Matching]
) -> list[SavedResults | None]:
    """Where the results of each method are saved, once it is sure that no foreign file is replaced."""
    found: list[SavedResults | None] = []
    for method, matching in zip(methods, matchings, strict=True):
        folder = _save_folder(request, method)
        if request.save_pred is None or folder is None:
            found.append(None)
            continue
        saved = SavedResults(request.save_pred, folder, method.title)
        saved.check(each.name for each in matching.partners[: request.limit])
        found.append(saved)
    return found


def _pairing_hints(request: EvalRequest, matchings: Sequence[Matching]) -> Iterator[str]:
    """What to do where no image has the name of a reference."""
    for matching in matchings:
        counts = Counter(problem.code for problem in matching.problems)
        if matching.partners or not counts["missing"] or not counts["extra"]:
            continue
        ways = ["give them equal names"]
        if counts["missing"] == counts["extra"]:
            ways.append("pair the sorted lists with --pair-by order")
        if request.dataset is None:
            ways.append("use --dataset, which also pairs low1.png with normal1.png in LOL-v2")
        yield f"no image has the name of a reference; {', or '.join(ways)}"


def _columns(scorer: Scorer, data: EvalData, observer: Observer) -> tuple[Column, ...]:
    columns = tuple(map(column_named, scorer.columns(paired=data.references is not None)))
    if not columns:
        raise WeightsError(f"no metric left to compute: {'; '.join(scorer.missing.values())}")
    for name, reason in scorer.missing.items():
        if data.references is not None or not METRICS[name].needs_reference:
            observer.warning(reason)
    return columns


@dataclass(frozen=True, slots=True)
class _MethodEvents(ImageEvents):
    """Passes on what happens to the images of a method, and keeps results."""

    method: Method
    observer: Observer
    saved: SavedResults | None
    extremes: Extremes | None

    def made(self, item: Loaded, result: Pixels) -> None:
        if self.saved is not None:
            self.saved.save(item.partners.name, result, sixteen_bit=item.pixels.dtype.itemsize > 1)
        if self.extremes is not None:
            self.extremes.made(item, result)

    def scored(self, image: ScoredImage) -> None:
        if self.extremes is not None:
            self.extremes.scored(image)
        self.observer.scored(self.method.title, image)

    def failed(self, problem: Problem, cause: ImageError | None) -> None:
        if self.extremes is not None:
            self.extremes.failed(problem.path)
        if isinstance(cause, UnexpectedImageError) and cause.__cause__ is not None:
            self.observer.crash(self.method.title, problem, cause.__cause__)
        self.observer.failed(self.method.title, problem)


def _run_methods(
    tasks: Sequence[tuple[Method, Matching, SavedResults | None]],
    scorer: Scorer,
    request: EvalRequest,
    extremes: Extremes | None,
    observer: Observer,
) -> tuple[MethodResult, ...]:
    """Runs each method in turn; the images of the judged one are candidates for ``extremes``."""
    total = sum(len(matching.partners[: request.limit]) for _, matching, _ in tasks)
    judged = tasks[judged_index([method.kind for method, _, _ in tasks])][0]
    results: list[MethodResult] = []
    with observer.progress(total):
        for method, matching, saved in tasks:
            for problem in matching.problems:
                observer.unpaired(method.title, problem)
            events = _MethodEvents(method, observer, saved, extremes if method is judged else None)
            results.append(
                run_method(method, matching, scorer, request.settings, limit=request.limit, events=events)
            )
    return tuple(results)


def _notes(
    request: EvalRequest,
    data: EvalData,
    scorer: Scorer,
    results: Sequence[MethodResult],
    matchings: Sequence[Matching],
) -> Iterator[str]:
    if data.references is None:
        left_out = [METRICS[name].label for name in request.metrics if METRICS[name].needs_reference]
        if left_out:
            yield f"not computed, as there are no references: {', '.join(left_out)}"
    if request.limit is not None and any(matching.expected > request.limit for matching in matchings):
        yield f"limited to {counted(request.limit, 'image')} by --limit: not the score of the dataset"
    if data.split is not None:
        count = count_note(find_dataset(data.name).splits[data.split], matchings[0].expected)
        if count:
            yield count
    for method in results:
        reasons = Counter(reason for image in method.images for reason in set(image.reasons.values()))
        for reason, n in reasons.most_common():
            yield f"{method.name}: {counted(n, 'image')} without a score: {reason}"


def _versions(scorer: Scorer) -> dict[str, str]:
    """Versions of the libraries that the scores depend on."""
    uses_pyiqa = any(metric.backend == "pyiqa" for metric in scorer.metrics)
    names = ["lowlight-cli", "torch", *(["pyiqa"] if uses_pyiqa else [])]
    return {name: version_of(name) or "not installed" for name in names}
