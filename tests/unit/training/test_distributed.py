"""What processes that train together agree on, in two forked processes that talk through gloo."""

import json
import multiprocessing
import os
import pickle
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from lowlight_cli.errors import LowlightError, OutputError, SettingsError, UsageError
from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.training import distributed as processes
from lowlight_cli.training.codes import CodeCounts, restart_dead_codes
from lowlight_cli.training.config import Recipe, RunSettings, Settings
from lowlight_cli.training.rng import parts_of_step
from lowlight_cli.training.run_folder import RunFolder
from tests.unit.training.gradients_of_one_process import steps_taken

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="a process that used CUDA cannot fork")


def together(work: Callable[[int], Any], *, count: int = 2) -> list[Any]:
    """What ``work`` gives in each of some processes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    fork = multiprocessing.get_context("fork")
    answers, workers = [], []
    for rank in range(count):
        receive, send = fork.Pipe(duplex=False)
        answers.append(receive)
        workers.append(fork.Process(target=_join, args=(work, rank, count, port, send)))
        workers[-1].start()
        send.close()
    results = [pickle.loads(answer.recv_bytes()) for answer in answers]
    for worker in workers:
        worker.join()
    faults = [result.text for result in results if isinstance(result, Fault)]
    assert not faults, "\n".join(faults)
    return results


class TinyRecipe(Recipe):
    """Settings of a run of next to nothing."""

    model: Settings = Settings()


class Fault(NamedTuple):
    """What went wrong in a process."""

    text: str


def _join(work: Callable[[int], Any], rank: int, count: int, port: int, send: Any) -> None:
    os.environ |= {
        "RANK": str(rank), "WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)
    }  # fmt: skip
    try:
        with processes.joined(CPU):
            result = work(rank)
    except BaseException:
        result = Fault(traceback.format_exc())
    # Plainly, as torch would pass tensors on by handles that end with this process.
    send.send_bytes(pickle.dumps(result))
    os._exit(0)


def gradients_of(rank: int, count: int, port: int) -> "subprocess.Popen[str]":
    """A fresh process that takes a few steps: forked ones cannot rely on autograd."""
    launched = {
        "RANK": str(rank), "WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)
    }  # fmt: skip
    command = (sys.executable, "-m", "tests.unit.training.gradients_of_one_process")
    root = Path(__file__).parents[3]
    return subprocess.Popen(command, cwd=root, env=os.environ | launched, stdout=subprocess.PIPE, text=True)


def test_gradients_are_those_of_the_whole_batch():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    workers = [gradients_of(rank, 2, port) for rank in range(2)]
    alone = steps_taken(0)
    texts = [worker.communicate(timeout=240)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    for text in texts:
        found = json.loads(text)
        assert found["weights"] == pytest.approx(alone["weights"], rel=1e-5)
        assert found["idle"] == [1.0]
        assert found["lonely"] == pytest.approx(alone["lonely"])
        assert (found["taken"], found["left_out"], found["failed"]) == (True, False, True)


def test_codes_are_counted_and_revived_as_in_one_process():
    indices, latent = torch.tensor([[[0, 1]], [[1, 3]]]), torch.randn(2, 5, 1, 2)

    def count(rank: int) -> Any:
        book, counts = Codebook(6, 5), CodeCounts(torch.zeros(6))
        book.load_state_dict({"weight": torch.zeros(6, 5)})
        counts.add(indices[rank :: processes.world_size()])
        own = latent[rank :: processes.world_size()]
        dead = restart_dead_codes(book, counts.values, own, torch.Generator().manual_seed(3))
        return counts.values, dead, book.weight.detach()

    alone = count(0)
    assert alone[0].tolist() == [1, 2, 0, 1, 0, 0]
    for values, dead, weight in together(count):
        assert torch.equal(values, alone[0])
        assert dead == 3
        assert torch.equal(weight, alone[2])


def test_one_batch_is_dealt_to_all():
    settings = RunSettings(batch_size=8, accumulate=2)

    def places(rank: int) -> Any:
        return [part.places for part in parts_of_step(settings, 3)]

    assert together(places) == [[(0, 4), (1, 5)], [(2, 6), (3, 7)]]


def test_processes_tell_each_other_what_they_know():
    def tell(rank: int) -> Any:
        assert processes.is_first() == (rank == 0)
        try:
            processes.done_by_first(lambda: 1 / 0 if rank else _fail())
        except OutputError as error:
            message = str(error)
        return (
            processes.largest([rank, -rank]),
            processes.of_first(f"from {rank}"),
            processes.of_all(rank),
            processes.means_of_all({"loss": 1.0 + rank, **({"rare": torch.tensor(4.0)} if rank else {})}),
            processes.items_of_all(torch.arange(2) * 2 + rank).tolist(),
            processes.done_by_first(lambda: rank + 7),
            message,
        )

    first, second = together(tell)
    assert first == second
    means = {"loss": 1.5, "rare": 2.0}
    assert first == ([1.0, 0.0], "from 0", [0, 1], means, [0, 1, 2, 3], 7, "disk full")


def _fail() -> None:
    raise OutputError("disk full")


def test_the_first_process_writes_and_all_start_and_end_alike(tmp_path):
    recipe = TinyRecipe(run=RunSettings(batch_size=2, steps=9, journal_every=1))

    def train(rank: int) -> Any:
        torch.manual_seed(rank)
        told: list[str] = []
        layer = nn.Linear(2, 1)
        folder = RunFolder(tmp_path / "run", recipe, told.append)
        assert folder.resume(CPU, {"layer": layer}) == 0
        folder.log("hello")
        if rank == 1:
            folder.stop.number = 15
        folder.run_state.finish_step(0)
        folder.report(0, loss=torch.tensor(float(rank)))
        folder.save(1, {"layer": layer}, layer)
        again = nn.Linear(2, 1)
        assert folder.resume(CPU, {"layer": again}) == 1
        return layer.weight.tolist(), again.weight.tolist(), folder.run_state.ending, folder.stop.number, told

    first, second = together(train)
    assert first[:4] == second[:4]
    assert first[0] == first[1]
    assert first[2:4] == ("signal", 15)
    assert "hello" in first[4]
    assert not second[4]
    text = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert text.count('"loss": 0.5') == 1


def test_a_batch_that_cannot_be_dealt_is_refused(tmp_path):
    def train(rank: int) -> Any:
        with pytest.raises(SettingsError, match="a batch of 3 cannot be divided among 2 processes"):
            RunFolder(tmp_path, Recipe(run=RunSettings(batch_size=3)))
        return "refused"

    assert together(train) == ["refused", "refused"]


def test_a_lost_process_is_an_error_with_a_name():
    def train(rank: int) -> Any:
        if rank == 1:
            time.sleep(0.5)
            return "gone"
        with pytest.raises(LowlightError, match="lost the connection to the other processes"):
            processes.summed(torch.ones(1))
        return "told"

    assert together(train) == ["told", "gone"]


def test_each_process_of_a_machine_takes_a_gpu_of_its_own(monkeypatch):
    assert processes.device_of_process("cuda:1") == "cuda:1"
    for name, value in {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert processes.device_of_process("cuda") == "cuda:1"
    assert processes.device_of_process("auto") == "auto"  # there is no GPU here
    assert processes.device_of_process("cpu") == "cpu"
    with pytest.raises(UsageError, match="cannot share cuda:1"):
        processes.device_of_process("cuda:1")


def test_a_launcher_that_says_too_little_is_an_error(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="start them with torchrun"), processes.joined(CPU):
        pass
