"""All methods of ``lle eval``, one after the other, and what is told of them on the way."""

from collections import Counter
from collections.abc import Iterator, Sequence

from lowlight_cli.cli.evaluate_methods import Bench, matching_of, run_method, saver_of
from lowlight_cli.cli.evaluate_request import Contestant
from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.progress import Progress, say, shown
from lowlight_cli.datasets.catalog import find_dataset
from lowlight_cli.datasets.check import count_note
from lowlight_cli.datasets.matching import Matching, Problem
from lowlight_cli.device import choose_device
from lowlight_cli.errors import WeightsError
from lowlight_cli.evaluation.columns import column_named
from lowlight_cli.evaluation.evaluate import Listener, Loaded
from lowlight_cli.evaluation.extremes import Gallery
from lowlight_cli.evaluation.result import Evaluation, MethodResult, Picture, Subject
from lowlight_cli.evaluation.score import Scorer
from lowlight_cli.images.picture import Pixels
from lowlight_cli.pipeline.report import Row
from lowlight_cli.versions import version_of


def evaluation_of(contestants: Sequence[Contestant], bench: Bench, globally: GlobalSettings) -> Evaluation:
    """Runs all methods over the pictures; tells of progress and problems on stderr.

    Args:
        contestants: The methods.
        bench: What is the same for all.
        globally: Whether success is silent, and the kind of progress.

    Raises:
        WeightsError: The data set is empty, or no metric can be computed.
        LowlightError: A model cannot be loaded, or a folder is missing.
    """
    scorer, subject = bench.scorer, bench.subject
    paired = subject.references is not None
    columns = tuple(column_named(name) for name in scorer.columns(paired=paired))
    for reason in dict.fromkeys(scorer.missing.values()):
        names = ", ".join(name for name, why in scorer.missing.items() if why == reason)
        say(f"lle: warning: {names} left out: {reason}", quiet=globally.quiet)
    if not columns:
        raise WeightsError("none of the metrics can be computed here")
    matchings = [matching_of(each, subject) for each in contestants]
    if not any(matching.expected for matching in matchings):
        raise WeightsError(f"no pictures in {subject.title}")
    methods = _run_all(contestants, matchings, bench, globally)
    return Evaluation(
        subject,
        scorer.protocol,
        columns,
        methods,
        scorer.missing,
        tuple(_notes(bench, methods, matchings)),
        bench.settings.device if bench.settings.device != "auto" else str(choose_device("auto")),
        versions(scorer),
    )


def gallery_for(scorer: Scorer, subject: Subject) -> Gallery | None:
    """What keeps small pictures of the extremes in the first column; None where there is no column.

    Args:
        scorer: Metrics and protocol.
        subject: Pictures and references.
    """
    columns = scorer.columns(paired=subject.references is not None)
    return Gallery(column_named(columns[0])) if columns else None


def _run_all(
    contestants: Sequence[Contestant], matchings: Sequence[Matching], bench: Bench, globally: GlobalSettings
) -> tuple[MethodResult, ...]:
    total = sum(len(matching.partners[: bench.limit]) for matching in matchings)
    methods: list[MethodResult] = []
    with Progress(total, globally) as progress:
        for contestant, matching in zip(contestants, matchings, strict=True):
            for problem in matching.problems:
                say(f"failed  {shown(problem.path)}  {problem.code}: {problem.message}", error=True)
            listener = _listener(contestant, bench, progress, is_first=not methods)
            methods.append(run_method(contestant, matching, bench, listener))
    return tuple(methods)


def _listener(contestant: Contestant, bench: Bench, progress: Progress, *, is_first: bool) -> Listener:
    """Who hears of each picture: progress, the folder of results, the gallery."""
    gallery = bench.gallery if is_first else None
    save = saver_of(contestant, bench) if bench.save and contestant.folder is None else None

    def made(item: Loaded, result: Pixels) -> None:
        if save is not None:
            save(item, result)
        if gallery is not None:
            gallery.made(item, result)

    def scored(picture: Picture) -> None:
        if gallery is not None:
            gallery.scored(picture)
        progress.tell(Row(picture.picture, None, "ok", width=picture.width, height=picture.height))

    return Listener(scored, lambda problem: progress.tell(_row(problem)), made)


def _row(problem: Problem) -> Row:
    return Row(problem.path, None, "failed", problem.code, problem.message)


def _notes(bench: Bench, methods: Sequence[MethodResult], matchings: Sequence[Matching]) -> Iterator[str]:
    subject = bench.subject
    if subject.references is None:
        left_out = [metric.label for metric in bench.scorer.metrics if metric.needs_reference]
        if left_out:
            yield f"there are no references, so {', '.join(left_out)} are left out"
    if bench.limit is not None and any(matching.expected > bench.limit for matching in matchings):
        yield f"limited to the first {bench.limit} pictures: not the score of the data set"
    if subject.split is not None:
        count = count_note(find_dataset(subject.name).splits[subject.split], matchings[0].expected)
        if count:
            yield count
    for method in methods:
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
