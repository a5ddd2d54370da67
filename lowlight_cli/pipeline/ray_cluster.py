"""Starts Ray on this machine or connects to a cluster, and divides its GPUs and cores among workers."""

import logging
import math
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lowlight_cli.errors import UnavailableError
from lowlight_cli.images.mute_native_libs import libraries_muted
from lowlight_cli.pipeline.request import RayOptions

LOCAL = "local"
"""Address that starts Ray on this machine."""

_OBJECT_STORE_BYTES = 128 * 2**20
"""Memory for what Ray passes between processes: names and rows, no pixels."""

_ANSWER_S = 10.0
"""Seconds that a cluster gets to answer."""

_LONGEST_FOLDER = 40
"""Characters of a temporary folder that leave room for Ray's sockets, whose paths have at most 107 bytes."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What each worker gets.

    Attributes:
        device: Device of each worker, as in ``EnhanceSettings``.
        workers: Number of workers.
        cpus: Cores of each.
        gpus: GPUs of each; 0.5 puts two workers on one.
        is_alone: Whether the only worker has the only machine for itself.
    """

    device: str
    workers: int
    cpus: float
    gpus: float = 0.0
    is_alone: bool = False


def place(device: str, options: RayOptions, machines: Sequence[Mapping[str, float]]) -> Placement:
    """Divides a cluster: one worker for each GPU, or one for each machine if there is none.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.
        options: May set the number of workers, and that of each GPU.
        machines: Resources of each machine, as Ray counts them: ``CPU`` and ``GPU``.

    Raises:
        UnavailableError: The cluster has no GPU, but the device is one; or it has no cores.
    """
    with_gpu = [machine for machine in machines if machine.get("GPU", 0) >= 1]
    if device != "cpu" and with_gpu:
        per_gpu = options.workers_per_gpu
        count = sum(int(machine["GPU"]) for machine in with_gpu) * per_gpu
        cpus = min(machine.get("CPU", 0) / (int(machine["GPU"]) * per_gpu) for machine in with_gpu)
        return Placement(device, options.workers or count, _whole(cpus), 1 / per_gpu)
    if device == "cuda":
        raise UnavailableError("--device cuda: the Ray cluster has no GPU")
    cores = [machine["CPU"] for machine in machines if machine.get("CPU", 0) >= 1]
    if not cores:
        raise UnavailableError("the Ray cluster has no CPU for workers")
    workers = options.workers or len(cores)
    each = math.ceil(workers / len(cores))
    return Placement("cpu", workers, _whole(min(cores) / each), is_alone=workers == len(machines) == 1)


def _whole(cpus: float) -> float:
    """Ray takes whole cores from one on."""
    return cpus if cpus < 1 else float(math.floor(cpus))


def check_installed() -> None:
    """Checks that Ray is installed, and sets what it reads when it is imported.

    Nothing is sent to its makers unless the user has set ``RAY_USAGE_STATS_ENABLED``.

    Raises:
        UnavailableError: It is not.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # else other programs slow the workers down
    # Else a thread that still uses Ray when a run ends would start it again.
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")
    try:
        import ray.data  # noqa: F401 - whether it loads
    except ImportError as error:
        raise UnavailableError(
            f"--engine ray needs Ray ({error}); install it with: pip install 'lowlight-cli[ray]'"
        ) from error


@contextmanager
def connected(address: str | None) -> Iterator[list[Mapping[str, float]]]:
    """Connects to Ray while the context is open, and gives the resources of each machine.

    A connection that the process has already is used and kept.

    Args:
        address: Address of a cluster, or ``auto``; None or ``local`` starts Ray on this machine.

    Raises:
        UnavailableError: Ray cannot be started, or there is no such cluster.
    """
    check_installed()
    import ray

    with libraries_muted():
        _mute()
        if ray.is_initialized():
            yield _machines()
            return
        is_local = address in (None, LOCAL)
        folder = tempfile.mkdtemp(prefix="lle-ray-") if is_local else None
        try:
            with _keeping_sigterm():
                _start(address or LOCAL, folder)
            _mute()
            yield _machines()
        finally:
            ray.shutdown()
            if folder:
                shutil.rmtree(folder, ignore_errors=True)


def _start(address: str, folder: str | None) -> None:
    import ray

    own: dict[str, Any] = {}
    if folder:
        own = {"include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
        own |= {"_temp_dir": folder} if len(folder) <= _LONGEST_FOLDER else {}
    try:
        _check_listening(address)
        ray.init(address, log_to_driver=False, configure_logging=False, **own)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        what = "start Ray on this machine" if folder else f"connect to Ray at '{address}'"
        needs_token = isinstance(error, ConnectionError) and "RAY_AUTH_MODE" not in os.environ
        hint = "; if the cluster uses tokens, set RAY_AUTH_MODE=token" if needs_token else ""
        raise UnavailableError(f"cannot {what}: {reason}{hint}") from error


def _check_listening(address: str) -> None:
    """Checks that somebody answers at an address; Ray would wait for minutes.

    Raises:
        OSError: Nobody does.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_S).close()


def _mute() -> None:
    """Only this program prints; Ray also prints on stdout, which belongs to the results."""
    import ray._private.worker
    import ray.data

    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    ray._private.worker._worker_logs_enabled = False


def _machines() -> list[Mapping[str, float]]:
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


@contextmanager
def _keeping_sigterm() -> Iterator[None]:
    """Context after which SIGTERM does what it did before; Ray sets a handler of its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
