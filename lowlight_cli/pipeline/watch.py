"""Watches input folders, and enhances images once they are complete."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lowlight_cli.errors import UnavailableError, UsageError
from lowlight_cli.pipeline.choices import Engine, OnExist
from lowlight_cli.pipeline.enhance import EnhanceSession
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.plan_request import make_plan
from lowlight_cli.pipeline.report import Report
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.signals import Interruption
from lowlight_cli.pipeline.sources import STDIN

_WAKE_MS = 500
"""How soon a signal ends the wait, and how often a file that changed is looked at again."""

_RESCAN_S = 60.0
"""Folders are searched this often even if the system reports no change, as on some network drives."""


def check_watchable(request: EnhanceRequest) -> None:
    """Refuses what cannot go on without an end.

    Args:
        request: What to enhance.

    Raises:
        UsageError: An input is not a folder, or an option does not fit.
    """
    output = request.output
    excluded = {
        "--in-place": output.in_place,
        "--files-from": request.input.files_from is not None,
        "--out -": output.out == STDIN,
        "--on-exist error": output.on_exist is OnExist.ERROR,
        "--save-degradation": output.save_intermediate,
        f"--device {request.settings.device}; choose one": request.settings.names_several_devices,
        "--engine ray": request.engine is Engine.RAY,
        "a --name with {n}, which changes with each new file": "{n" in output.name,
    }
    for words, is_given in excluded.items():
        if is_given:
            raise UsageError(f"--watch excludes {words}")
    for source in request.input.sources:
        if not Path(source).is_dir():
            raise UsageError(f"--watch takes folders, and '{source}' is none")


def enhance_watching(request: EnhanceRequest, observer: Observer, *, settle_s: float) -> Iterator[Report]:
    """Enhances the images of folders, then each one that is new or changed, until a signal arrives.

    The output folder stays locked, and the model loaded. The first run is about all images; a later one is
    about images that changed, and that held still since. One that failed is tried again when it changes.

    Args:
        request: What to enhance; its inputs are folders.
        observer: Notified of each event of each run.
        settle_s: Seconds for which size and modification time of a file must stay the same.

    Yields:
        The report of each run. The last one may have been cut short, by a signal, a full disk or
        ``max_errors``.

    Raises:
        KeyboardInterrupt: A signal arrived between two runs.
        LowlightError: The first run could not start, or folders cannot be watched.
    """
    check_watchable(request)
    plan, interruption, settling = make_plan(request), Interruption(), _Settling(settle_s)
    session = EnhanceSession(request, observer, interruption)
    with interruption.installed(), session.locked(plan):
        is_first, first_at = True, 0.0
        for is_due in _wake_ups(request, plan.folder):
            with interruption.interruptible():
                if not (is_due or is_first or settling.is_waiting):
                    continue
                changed = _changed(request, observer, settling, is_first=is_first)
                first_at = first_at or time.monotonic() + settle_s
                if changed is None or (is_first and time.monotonic() < first_at):
                    continue
            # Not interruptible as a whole: records of finished images are completed.
            settling.take(changed.jobs)
            report = session.enhance(changed)
            is_first = False
            yield report
            if report.left or report.is_cut_short:
                return


class _Settling:
    """Finds files that held still, and remembers those that were handled.

    Args:
        settle_s: Seconds for which size and modification time must stay the same.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}
        self._handled: dict[Path, tuple[int, int]] = {}
        self._complaints: set[str] = set()
        self.is_waiting = False

    def settled(self, jobs: Sequence[Job]) -> tuple[Job, ...]:
        """The jobs to do now: files that were not handled yet and held still."""
        now, seen = time.monotonic(), {}
        for job in jobs:
            if job.stat is not None:
                stat = (job.stat.size, job.stat.mtime_ns)
                before, since = self._seen.get(job.source, (stat, now))
                seen[job.source] = (stat, since if before == stat else now)
        self._seen = seen
        self._handled = {path: stat for path, stat in self._handled.items() if path in seen}
        fresh = [job for job in jobs if job.source in seen and self._is_fresh(job.source)]
        ready = tuple(job for job in fresh if now - seen[job.source][1] >= self._settle_s)
        self.is_waiting = len(ready) < len(fresh)
        return ready

    def take(self, jobs: Sequence[Job]) -> None:
        """Remembers that jobs are handled, whatever comes of them, until their files change."""
        self._handled |= {job.source: self._seen[job.source][0] for job in jobs}

    def is_new_complaint(self, text: str) -> bool:
        """Whether a message differs from the last one."""
        is_new = text not in self._complaints
        self._complaints = {text}
        return is_new

    def _is_fresh(self, source: Path) -> bool:
        return self._handled.get(source) != self._seen[source][0]


def _changed(
    request: EnhanceRequest, observer: Observer, settling: _Settling, *, is_first: bool
) -> Plan | None:
    """What to do now; None if there is nothing, which the first run reports as well."""
    try:
        plan = make_plan(request)
    except UsageError as error:  # a folder vanished, or two new files have one output
        if settling.is_new_complaint(str(error)):
            observer.warning(f"{error}; waiting for a change")
        return None
    jobs = settling.settled(plan.jobs)
    if is_first:
        return replace(plan, jobs=jobs)
    return replace(plan, jobs=jobs, ignored=(), closed=(), loops=()) if jobs else None


def _wake_ups(request: EnhanceRequest, out: Path) -> Iterator[bool]:
    """Wakes up twice a second: True if files may have changed.

    Raises:
        UnavailableError: The system cannot watch these folders.
    """
    from watchfiles import watch
    from watchfiles.main import Change

    inside = f"{out.resolve()}/"

    def is_input(change: Change, path: str) -> bool:
        del change
        return not f"{path}/".startswith(inside)

    next_scan = 0.0
    try:
        for changes in watch(
            *request.input.sources,
            watch_filter=is_input,
            rust_timeout=_WAKE_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=request.input.recursive,
            ignore_permission_denied=True,
        ):
            is_due = bool(changes) or time.monotonic() >= next_scan
            if is_due:
                next_scan = time.monotonic() + _RESCAN_S
            yield is_due
    except (OSError, RuntimeError) as error:
        raise UnavailableError(
            f"cannot watch these folders: {error}; WATCHFILES_FORCE_POLLING=1 works everywhere"
        ) from error
