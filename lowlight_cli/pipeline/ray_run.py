"""Runs the jobs of a plan in workers of Ray; rows come back to this process, which records them."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import torch

from lowlight_cli.errors import UnavailableError, describe_bug
from lowlight_cli.images.replace import TEMPORARY_MARK
from lowlight_cli.pipeline.attempts import Attempts
from lowlight_cli.pipeline.collected_rows import CollectedRows, EndedEarlyError
from lowlight_cli.pipeline.journal import journal_paths, remove_temp_files_of
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import Job, Plan
from lowlight_cli.pipeline.ray_cluster import Placement, connected, place
from lowlight_cli.pipeline.ray_dataset import LostClusterError, Results, begin
from lowlight_cli.pipeline.ray_worker import RayTask, load_once, pinned_versions
from lowlight_cli.pipeline.report import Report, Row, rows_without_work
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.scan import STATE_FOLDER
from lowlight_cli.pipeline.signals import Interruption, exit_code_of
from lowlight_cli.pipeline.warnings import Warnings
from lowlight_cli.pipeline.worker_journal import written_rows
from lowlight_cli.pipeline.worker_messages import (
    ChunkEnded,
    Crashed,
    Failed,
    Finished,
    Message,
    Ready,
    Warned,
    WorkerTask,
)
from lowlight_cli.pipeline.worker_process import STOP_S
from lowlight_cli.processors import workers_of_process

_PATIENCE_S = 120.0
"""Seconds after which a user is informed that no worker has loaded the model yet."""

_MOST_LISTENERS = 100_000
"""Most workers of a run, each of which waits for the request to stop."""


class _RayRun:
    """One run: records what the workers send, and decides when to stop.

    Args:
        plan: What to read and write.
        rows: Receives the rows.
        observer: Notified of warnings and bugs.
        interruption: Handles signals.
        attempts: Handle of the actor that holds ``Attempts``.
    """

    def __init__(
        self,
        plan: Plan,
        rows: CollectedRows,
        observer: Observer,
        interruption: Interruption,
        attempts: Any,  # noqa: ANN401 - Ray is imported late
    ) -> None:
        self._plan = plan
        self._rows = rows
        self._observer = observer
        self._interruption = interruption
        self._attempts = attempts
        self._warnings = Warnings(observer.warning)
        self._order = {job.target: index for index, job in enumerate(plan.jobs)}
        self._left = {job.target: job for job in plan.jobs if not job.skip}

    def enhance_all(self, results: Results) -> Callable[[], Report]:
        """Records what the workers send; a signal, a full disk or too many failures end the run early.

        Args:
            results: What they send.

        Returns:
            Makes the report.

        Raises:
            LowlightError: A worker cannot load the model.
        """
        try:
            for row in rows_without_work(self._plan):
                self._rows.add(row)
            self._record_all(results)
        except KeyboardInterrupt as stop:
            self._stop()
            return partial(self._rows.report, stopped_by=exit_code_of(stop))
        except EndedEarlyError:
            self._stop()
            return self._rows.report
        except LostClusterError as error:
            lost = UnavailableError(f"Ray ended the run: {describe_bug(error.cause)}")
            self._stop()
            return partial(self._rows.report, ended_by=lost)
        return self._rows.complete_report

    def record_written(self) -> None:
        """Records what killed workers had written but not sent; call it when no worker is left."""
        left = [job for job in self._plan.jobs if job.target in self._left]
        if not left:
            return
        remove_temp_files_of(job.target for job in left)
        for path in journal_paths(self._plan.folder, self._plan.records):
            for row in written_rows(path, self._plan.folder, left):
                if self._is_new(row):
                    self._rows.record(row)

    def _record_all(self, results: Results) -> None:
        while True:
            with self._interruption.interruptible():
                item = results.next()
            if item is None:
                return
            number, messages = item
            self._attempts.forget.remote([number])
            for message in sorted(messages, key=self._place_of):
                self._take(message)

    def _place_of(self, message: Message) -> int:
        """Sorts rows in the order of the jobs, after what is not about an image."""
        target = message.row.target if isinstance(message, Finished | Crashed) else None
        return self._order[target] if target else -1

    def _take(self, message: Message) -> None:
        match message:
            case Finished(row):
                if self._is_new(row):
                    self._rows.add(row)
            case Warned(text):
                self._warnings.warn_once(text, text)
            case Crashed(row, error):
                self._observer.crash(row, error)
            case ChunkEnded(stages):
                self._rows.add_stages(stages)
            case Failed(error):
                raise error

    def _is_new(self, row: Row) -> bool:
        return row.target is not None and self._left.pop(row.target, None) is not None

    def _stop(self) -> None:
        """Asks all workers to stop, and records what they still finish."""
        import ray

        messages: list[Message] = []
        with suppress(ray.exceptions.RayError, TimeoutError):
            messages = ray.get(self._attempts.drain.remote(STOP_S), timeout=2 * STOP_S)
        for message in sorted(messages, key=self._place_of):
            if isinstance(message, Finished) and self._is_new(message.row):
                self._rows.record(message.row)


def run_on_ray(
    plan: Plan,
    request: EnhanceRequest,
    options: str,
    observer: Observer,
    on_row: Callable[[Row], None],
    start: Callable[[str, str, str], RunInfo],
) -> Report:
    """Enhances every image of a plan in workers of Ray; else as ``engine.run_plan``.

    Args:
        plan: What to read and write.
        request: How to enhance.
        options: Hash of the settings that affect results.
        observer: Notified of warnings and bugs.
        on_row: Called with each row, in the order of the jobs.
        start: Called with device, number format and why it was chosen, once the model is loaded; returns what
            all images of the run share.

    Raises:
        LowlightError: Ray cannot be reached, has no such device, or the model cannot be loaded.
    """
    jobs = [job for job in plan.jobs if not job.skip]
    interruption = Interruption()
    with interruption.installed():
        with connected(request.ray.address) as machines, _marker(plan.folder) as marker:
            placement = place(request.settings.device, request.ray, machines)
            task = _task(plan, jobs, request, options, placement, marker)
            ready = _load(task, placement, interruption, observer)
            info = start(ready.device, ready.precision, ready.reason)
            attempts = _attempts(request)
            rows = CollectedRows(plan, request.settings.stop, on_row)
            run = _RayRun(plan, rows, observer, interruption, attempts)
            with observer.progress(len(jobs)):
                results = begin(jobs, info, task.computing_in(ready.precision), placement, attempts)
                try:
                    report = run.enhance_all(results)
                finally:
                    attempts.stop.remote()
                    results.close()  # Ray ends this process if it is shut down while it is used
        run.record_written()
    return report()


@contextmanager
def _marker(folder: Path) -> Iterator[Path]:
    """A file in the output folder by which workers recognize it; has the name of a temporary file."""
    place = folder / STATE_FOLDER
    place.mkdir(parents=True, exist_ok=True)
    marker = place / f"ray-{uuid4().hex[:8]}{TEMPORARY_MARK}{os.getpid()}"
    marker.touch()
    try:
        yield marker
    finally:
        marker.unlink(missing_ok=True)


def _task(
    plan: Plan, jobs: list[Job], request: EnhanceRequest, options: str, placement: Placement, marker: Path
) -> RayTask:
    threads = request.settings.workers or workers_of_process(int(placement.cpus))
    settings = request.settings.model_copy(update={"device": placement.device, "workers": threads})
    cores = torch.get_num_threads() if placement.is_alone else max(1, int(placement.cpus))
    work = WorkerTask(settings, plan.folder, plan.records, options, torch_threads=cores)
    return RayTask(
        work,
        marker,
        source=next((job.source for job in jobs if job.stat), None),
        cwd=Path.cwd(),
        host=socket.gethostname(),
        versions=pinned_versions(),
    )


def _load(task: RayTask, placement: Placement, interruption: Interruption, observer: Observer) -> Ready:
    """Loads the model in a worker, which chooses the number format for all.

    Raises:
        LowlightError: The model cannot be loaded there.
    """
    import ray

    remote = ray.remote(load_once).options(num_cpus=placement.cpus, num_gpus=placement.gpus, max_retries=0)
    try:
        with interruption.interruptible():
            loading = remote.remote(task)
            if not ray.wait([loading], timeout=_PATIENCE_S)[0]:
                observer.warning("still waiting for Ray; other programs may use its machines")
            outcome: Ready | Failed = ray.get(loading)
    except ray.exceptions.RayError as error:
        reason = describe_bug(getattr(error, "cause", None) or error)
        raise UnavailableError(
            f"a worker of Ray could not load the model ({reason}); "
            "lowlight-cli must be installed on all machines of the cluster"
        ) from error
    if isinstance(outcome, Failed):
        raise outcome.error
    return outcome


def _attempts(request: EnhanceRequest) -> Any:  # noqa: ANN401 - a handle of Ray
    """Starts the actor that holds ``Attempts``, on this machine."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return (
        ray.remote(Attempts)
        .options(num_cpus=0, max_concurrency=_MOST_LISTENERS, scheduling_strategy=here)
        .remote(request.settings.stop.failure_limit)
    )
