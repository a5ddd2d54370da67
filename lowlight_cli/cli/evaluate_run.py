"""All methods of ``lle eval``, one after the other, and what is told of them on the way."""

from collections import Counter
from collections.abc import Iterator, Sequence

from lowlight_cli.cli.evaluate_methods import EvalRequest, matching_of, run_method, saver_of
from lowlight_cli.cli.evaluate_request import Method
from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import Progress, say, shown
from lowlight_cli.datasets.catalog import find_dataset
from lowlight_cli.datasets.check import count_note
from lowlight_cli.datasets.matching import Matching, Problem
from lowlight_cli.device import choose_device
from lowlight_cli.errors import WeightsError
from lowlight_cli.evaluation.columns import column_named
from lowlight_cli.evaluation.evaluate import Listener, Loaded
from lowlight_cli.evaluation.extremes import Extremes
from lowlight_cli.evaluation.result import Evaluation, MethodResult, Picture, Subject
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.images.picture import Pixels
from lowlight_cli.pipeline.report import Row
from lowlight_cli.versions import version_of


def evaluation_of(methods: Sequence[Method], request: EvalRequest, globally: GlobalSettings) -> Evaluation:
    """Runs all methods over the pictures; tells of progress and problems on stderr.

    Args:
        methods: The methods.
        request: What is the same for all.
        globally: Whether success is silent, and the kind of progress.

    Raises:
        WeightsError: The data set is empty, or no metric can be computed.
        LowlightError: A model cannot be loaded, or a folder is missing.
    """
    scorer, subject = request.scorer, request.subject
    paired = subject.references is not None
    columns = tuple(column_named(name) for name in scorer.columns(paired=paired))
    for reason in dict.fromkeys(scorer.missing.values()):
        names = ", ".join(name for name, why in scorer.missing.items() if why == reason)
        say(f"lle: warning: {names} left out: {reason}", quiet=globally.quiet)
    if not columns:
        raise WeightsError("none of the metrics can be computed here")
    matchings = [matching_of(each, subject) for each in methods]
    if not any(matching.expected for matching in matchings):
        raise WeightsError(f"no pictures in {subject.title}")
    results = _run_all(methods, matchings, request, globally)
    return Evaluation(
        subject,
        scorer.protocol,
        columns,
        results,
        scorer.missing,
        tuple(_notes(request, results, matchings)),
        request.settings.device if request.settings.device != "auto" else str(choose_device("auto")),
        versions(scorer),
    )


def gallery_for(scorer: Scorer, subject: Subject) -> Extremes | None:
    """What keeps small pictures of the extremes in the first column; None where there is no column.

    Args:
        scorer: Metrics and protocol.
        subject: Pictures and references.
    """
    columns = scorer.columns(paired=subject.references is not None)
    return Extremes(column_named(columns[0])) if columns else None


def _run_all(
    methods: Sequence[Method], matchings: Sequence[Matching], request: EvalRequest, globally: GlobalSettings
) -> tuple[MethodResult, ...]:
    total = sum(len(matching.partners[: request.limit]) for matching in matchings)
    results: list[MethodResult] = []
    with Progress(total, globally) as progress:
        for method, matching in zip(methods, matchings, strict=True):
            for problem in matching.problems:
                say(f"failed  {shown(problem.path)}  {problem.code}: {problem.message}", error=True)
            listener = _listener(method, request, progress, is_first=not results)
            results.append(run_method(method, matching, request, listener))
    return tuple(results)


def _listener(method: Method, request: EvalRequest, progress: Progress, *, is_first: bool) -> Listener:
    """Who hears of each picture: progress, the folder of results, the gallery."""
    extremes = request.extremes if is_first else None
    save = saver_of(method, request) if request.save and method.folder is None else None

    def made(item: Loaded, result: Pixels) -> None:
        if save is not None:
            save(item, result)
        if extremes is not None:
            extremes.made(item, result)

    def scored(picture: Picture) -> None:
        if extremes is not None:
            extremes.scored(picture)
        progress.tell(Row(picture.picture, None, "ok", width=picture.width, height=picture.height))

    return Listener(scored, lambda problem: progress.tell(_row(problem)), made)


def _row(problem: Problem) -> Row:
    return Row(problem.path, None, "failed", problem.code, problem.message)


def _notes(
    request: EvalRequest, results: Sequence[MethodResult], matchings: Sequence[Matching]
) -> Iterator[str]:
    subject = request.subject
    if subject.references is None:
        left_out = [metric.label for metric in request.scorer.metrics if metric.needs_reference]
        if left_out:
            yield f"there are no references, so {', '.join(left_out)} are left out"
    if request.limit is not None and any(matching.expected > request.limit for matching in matchings):
        yield f"limited to the first {request.limit} pictures: not the score of the data set"
    if subject.split is not None:
        count = count_note(find_dataset(subject.name).splits[subject.split], matchings[0].expected)
        if count:
            yield count
    for method in results:
        reasons = Counter(reason for picture in method.pictures for reason in set(picture.reasons.values()))
        for reason, count_of in reasons.most_common():
            yield f"{method.name}: {count_of} pictures lack a score: {reason}"


def versions(scorer: Scorer) -> dict[str, str]:
    """Versions of what the scores depend on.

    Args:
        scorer: Its metrics tell whether pyiqa was used.
    """
    names = [
        "lowlight-cli",
        "torch",
        *(["pyiqa"] if any(m.backend == "pyiqa" for m in scorer.metrics) else []),
    ]
    return {name: version_of(name) or "not installed" for name in names}
