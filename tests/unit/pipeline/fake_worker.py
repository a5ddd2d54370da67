"""Worker processes without a model, whose behavior follows from the names of images and devices."""

import base64
import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from lowlight_cli.errors import UnavailableError, WeightsError
from lowlight_cli.pipeline.report import Row
from lowlight_cli.pipeline.run_log import Journal
from lowlight_cli.pipeline.stages import StageSeconds
from lowlight_cli.pipeline.worker_journal import worker_journal_path
from lowlight_cli.pipeline.worker_lock import working_in
from lowlight_cli.pipeline.worker_messages import ChunkEnded, Failed, Finished, Ready, Warned, Working

RESULT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGM0MjJiYGAAAAL8AJhB0mYmAAAAAElFTkSuQmCC"
)
"""A picture of two pixels."""


def serve(connection):
    """Loads unless the device is broken, then does chunks until it is asked to stop."""
    try:
        _serve(connection)
    except OSError:  # the run is over
        return


def _serve(connection):
    task = _received(connection)
    if task is None:
        return
    device = task.settings.device
    if device == "broken":
        connection.send(Failed(UnavailableError("no memory on broken")))
        return
    if device == "dying":
        os._exit(3)
    if device == "unweighted":
        connection.send(Failed(WeightsError("the weights are damaged")))
        return
    connection.send(Ready(device, "fp32", f"{task.torch_threads} threads"))
    connection.send(Warned("less memory"))
    journal = Journal(task.folder, task.options, worker_journal_path(task.folder, task.records))
    with working_in(task.folder, task.records):
        while (chunk := _received(connection)) is not None:
            journal.begin(chunk.info)
            if not _is_done(chunk, connection, journal):
                return


def _is_done(chunk, connection, journal):
    """Does a chunk, and those that come meanwhile; whether it was not asked to stop."""
    jobs, count, goes_on = list(chunk.jobs), 1, True
    while jobs and goes_on:
        while goes_on and connection.poll():
            further = _received(connection)
            goes_on = further is not None
            jobs += further.jobs if goes_on else ()
            count += goes_on
        if goes_on:
            job = jobs.pop(0)
            connection.send(Working(job.source))
            connection.send(Finished(_done(job, journal)))
    connection.send(ChunkEnded(StageSeconds(read=float(count)), count))
    return goes_on


def _received(connection):
    try:
        return connection.recv()
    except (EOFError, OSError):
        return None


def _done(job, journal):
    kind = job.source.stem.rstrip("0123456789")
    mark = Path(f"{job.source}.begun")
    is_first = not mark.exists()
    mark.touch()
    if kind == "deadly" or (kind == "once" and is_first):
        Path(f"{job.target}.lle-tmp-{os.getpid()}").write_bytes(b"half")
        _die()
    if kind in ("fails", "full"):
        code = {"fails": "unreadable", "full": "disk_full"}[kind]
        return Row(job.source, job.target, "failed", code, "it fails")
    if kind == "slow":
        time.sleep(0.2)
    if kind == "stuck":
        time.sleep(600)
    return _written(job, journal, dies=kind == "written")


def _written(job, journal, *, dies):
    digest = hashlib.sha256(RESULT).hexdigest()
    journal.before_write(job, len(RESULT), digest)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    job.target.write_bytes(RESULT)
    if dies:
        _die()
    return Row(job.source, job.target, "ok", output_bytes=len(RESULT), output_sha256=digest)


def _die():
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
