"""Workers of Ray without Ray: what is repeated when one ends, what is given up, and which machines fit."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from lowlight_cli.errors import OutputError, UnavailableError
from lowlight_cli.pipeline.attempts import Attempts
from lowlight_cli.pipeline.file_stat import FileStat
from lowlight_cli.pipeline.plan import Job
from lowlight_cli.pipeline.ray_cluster import Placement, place
from lowlight_cli.pipeline.ray_dataset import MOST_JOBS, divide
from lowlight_cli.pipeline.ray_worker import ChunkWorker, RayTask, check_machine, pinned_versions
from lowlight_cli.pipeline.report import Report, Row
from lowlight_cli.pipeline.request import RayOptions
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.worker_messages import Chunk, Finished, Warned, WorkerTask

INFO = RunInfo(run="r", version="0", model="identity", preset=None, checkpoint_sha256=None)


class Killed(BaseException):
    """The process of a worker ends."""


class FakeRunner:
    """Enhances by name: ``deadly`` kills the worker, ``once`` kills the first one, ``fails`` fails."""

    def __init__(self, send, killed):
        self._send = send
        self._killed = killed
        self.sizes = []

    def run(self, chunk):
        self.sizes.append(len(chunk.jobs))
        for job in chunk.jobs:
            kind = job.source.stem.rstrip("0123456789")
            if kind == "deadly" or (kind == "once" and job.source not in self._killed):
                self._killed.add(job.source)
                raise Killed
            status = "failed" if kind == "fails" else "ok"
            self._send(Finished(Row(job.source, job.target, status, "unreadable" if kind == "fails" else "")))
        return Report((), 0.0)


def jobs_of(names, folder=Path("out")):
    return tuple(Job(Path("in") / name, folder / name) for name in names)


def run_until_done(names, log=None):
    """Repeats a chunk as Ray does, until a worker lives to its end; gives its rows, and sizes of passes."""
    log, killed, sizes, attempts = log or Attempts(), set(), [], 0
    chunk = Chunk(jobs_of(names), INFO, frozenset())
    while True:
        runners = []

        def make(send, runners=runners):
            runners.append(FakeRunner(send, killed))
            return runners[0]

        worker = ChunkWorker(make, log)
        attempts += 1
        assert attempts < 30
        try:
            messages = worker.run(7, chunk)
        except Killed:
            sizes.append(runners[0].sizes)
            continue
        sizes.append(runners[0].sizes)
        return [message.row for message in messages if isinstance(message, Finished)], messages, sizes


def test_a_chunk_is_enhanced_at_once_and_needs_one_attempt():
    rows, messages, sizes = run_until_done(["a", "fails", "b"])
    assert [row.target.name for row in rows] == ["a", "fails", "b"]
    assert [row.status for row in rows] == ["ok", "failed", "ok"]
    assert sizes == [[3]]
    assert not [message for message in messages if isinstance(message, Warned)]


def test_after_a_death_only_what_is_left_is_done_again_each_image_alone():
    rows, messages, sizes = run_until_done(["a", "b", "once", "c", "d"])
    assert sizes == [[5], [1, 1, 1]]
    assert sorted(row.target.name for row in rows) == ["a", "b", "c", "d", "once"]
    assert {row.status for row in rows} == {"ok"}
    assert len([message for message in messages if isinstance(message, Warned)]) == 1


@pytest.mark.parametrize(
    "names",
    [["deadly"], ["deadly", "a"], ["a", "deadly", "b"], ["deadly1", "a", "deadly2", "deadly3", "b"]],
)
def test_an_image_is_given_up_at_its_third_begin_and_all_others_are_made(names):
    rows, _, sizes = run_until_done(names)
    deadly = {name for name in names if name.startswith("deadly")}
    assert sorted(row.target.name for row in rows) == sorted(names)
    assert {row.target.name for row in rows if row.code == "crashed"} == deadly
    assert {row.target.name for row in rows if row.status == "ok"} == set(names) - deadly
    assert len(sizes) <= 2 + len(names)


def test_partial_files_of_a_dead_worker_are_removed(tmp_path):
    log, killed = Attempts(), set()
    chunk = Chunk(jobs_of(["once.png"], tmp_path), INFO, frozenset())
    with pytest.raises(Killed):
        ChunkWorker(lambda send: FakeRunner(send, killed), log).run(0, chunk)
    for name in ("once.png.lle-tmp-77", "other.png.lle-tmp-78"):
        (tmp_path / name).write_bytes(b"half")
    ChunkWorker(lambda send: FakeRunner(send, killed), log).run(0, chunk)
    assert [path.name for path in tmp_path.iterdir()] == ["other.png.lle-tmp-78"]


def test_warnings_while_the_model_is_loaded_come_with_the_first_chunk():
    def make(send):
        send(Warned("less memory"))
        return FakeRunner(send, set())

    worker = ChunkWorker(make, Attempts())
    first = worker.run(0, Chunk(jobs_of(["a"]), INFO, frozenset()))
    second = worker.run(1, Chunk(jobs_of(["b"]), INFO, frozenset()))
    assert first[0] == Warned("less memory")
    assert not [message for message in second if isinstance(message, Warned)]


def test_a_lost_device_ends_the_process_and_the_chunk_goes_on_in_the_next_one():
    class Losing(FakeRunner):
        def run(self, chunk):
            self._send(Finished(Row(chunk.jobs[0].source, chunk.jobs[0].target, "ok")))
            return Report((), 0.0, left=1, ended_by=UnavailableError("the GPU is lost"))

    def die():
        raise Killed

    log, chunk = Attempts(), Chunk(jobs_of(["a", "b"]), INFO, frozenset())
    with pytest.raises(Killed):
        ChunkWorker(lambda send: Losing(send, set()), log, die).run(0, chunk)
    messages = ChunkWorker(lambda send: FakeRunner(send, set()), log).run(0, chunk)
    assert [m.row.target.name for m in messages if isinstance(m, Finished)] == ["a", "b"]
    assert Warned("the GPU is lost") in messages


def test_too_many_failures_stop_all_workers_at_once():
    async def stops():
        log = Attempts(max_errors=2)
        log.begin(0)
        waiting = asyncio.create_task(log.wait_for_stop())
        log.note(0, Finished(Row(Path("a"), Path("b"), "failed", "unreadable")))
        await asyncio.sleep(0)
        before = waiting.done()
        log.note(0, Finished(Row(Path("c"), Path("d"), "failed", "unreadable")))
        await asyncio.wait_for(waiting, 10)
        return before

    assert asyncio.run(stops()) is False


def test_a_stopped_run_gets_what_workers_still_finish_and_nothing_twice():
    async def drained():
        log = Attempts()
        for number in (1, 0, 2):
            log.begin(number)
            log.note(number, Warned(str(number)))
        log.end(0)
        log.forget([2])
        draining = asyncio.create_task(log.drain(30))
        await asyncio.sleep(0.1)
        assert not draining.done()
        log.note(1, Warned("late"))
        log.end(1)
        return await asyncio.wait_for(draining, 20)

    assert [message.text for message in asyncio.run(drained())] == ["0", "1", "late"]


def test_a_worker_that_does_not_end_is_not_waited_for_without_end():
    async def drained():
        log = Attempts()
        log.begin(0)
        return await log.drain(0.1)

    assert asyncio.run(drained()) == []


@pytest.mark.parametrize(("count", "workers"), [(1, 1), (5, 8), (200, 1), (1000, 3), (10_000, 16)])
def test_chunks_hold_all_jobs_in_order_and_get_smaller_towards_the_end(count, workers):
    jobs = jobs_of([str(index) for index in range(count)])
    chunks = divide(jobs, workers)
    assert [job for chunk in chunks for job in chunk] == list(jobs)
    sizes = [len(chunk) for chunk in chunks]
    assert max(sizes) <= MOST_JOBS
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1
    assert len(chunks) >= min(count, workers)


def test_large_photos_come_in_small_chunks():
    stat = FileStat(size=30 * 2**20, mtime_ns=0)
    jobs = [replace(job, stat=stat) for job in jobs_of([str(index) for index in range(1000)])]
    assert len(divide(jobs, 1)[0]) == 4
    huge = [replace(job, stat=FileStat(size=2**30, mtime_ns=0)) for job in jobs[:3]]
    assert [len(chunk) for chunk in divide(huge, 1)] == [1, 1, 1]


GPU_MACHINES = [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 8.0, "GPU": 1.0}, {"CPU": 4.0}]


@pytest.mark.parametrize(
    ("device", "options", "machines", "expected"),
    [
        ("auto", {}, [{"CPU": 2.0}], Placement("cpu", 1, 2.0, is_alone=True)),
        ("auto", {"workers": 2}, [{"CPU": 2.0}], Placement("cpu", 2, 1.0)),
        ("auto", {"workers": 4}, [{"CPU": 2.0}], Placement("cpu", 4, 0.5)),
        ("cpu", {}, GPU_MACHINES, Placement("cpu", 3, 4.0)),
        ("auto", {}, GPU_MACHINES, Placement("auto", 3, 8.0, 1.0)),
        ("cuda", {"workers_per_gpu": 2}, GPU_MACHINES, Placement("cuda", 6, 4.0, 0.5)),
        ("cuda", {"workers": 1}, GPU_MACHINES, Placement("cuda", 1, 8.0, 1.0)),
        ("auto", {}, [{}, {"CPU": 8.0}], Placement("cpu", 1, 8.0)),
    ],
)
def test_each_gpu_has_a_worker_or_each_machine_without_gpus(device, options, machines, expected):
    assert place(device, RayOptions(**options), machines) == expected


@pytest.mark.parametrize(
    ("device", "machines", "words"),
    [("cuda", [{"CPU": 8.0}], "the Ray cluster has no GPU"), ("auto", [{}], "no CPU for workers")],
)
def test_a_cluster_that_could_wait_without_end_is_refused(device, machines, words):
    with pytest.raises(UnavailableError, match=words):
        place(device, RayOptions(), machines)


@pytest.fixture
def task(tmp_path):
    marker = tmp_path / "marker"
    marker.touch()
    work = WorkerTask(EnhanceSettings(), tmp_path, "", "")
    return RayTask(work, marker, marker, tmp_path, "driver", pinned_versions())


def test_a_machine_with_the_same_versions_and_disk_fits(task):
    check_machine(task, "node")


def test_a_machine_with_another_version_is_refused(task):
    versions = {**task.versions, "torch": "1.0"}
    with pytest.raises(UnavailableError, match=r"node has torch .*, driver has 1\.0; install the same"):
        check_machine(replace(task, versions=versions), "node")


def test_a_machine_without_the_shared_disk_is_refused(task, tmp_path):
    with pytest.raises(OutputError, match=r"on node is not the folder .* needs a shared disk"):
        check_machine(replace(task, marker=tmp_path / "none"), "node")
    elsewhere = replace(task, source=tmp_path / "gone.jpg")
    with pytest.raises(OutputError, match=r"node cannot find '.*gone\.jpg'"):
        check_machine(elsewhere, "node")
    check_machine(elsewhere, "driver")  # it was removed meanwhile, and fails alone


def test_the_number_format_is_that_of_the_first_worker(task):
    settings = task.computing_in("bf16").work.settings
    assert (settings.precision, task.work.settings.precision) == ("bf16", "auto")
