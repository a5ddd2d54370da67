"""Training under ``torchrun``: one run folder, one voice, and it goes on with any number of processes."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lowlight_cli.training.metrics_log import MetricsLog


@pytest.fixture
def launch(root, tmp_path, make_picture):
    """Starts ``lle train vqgan`` in so many processes, up to a step."""
    for number in range(3):
        make_picture(tmp_path / "photos" / f"{number}.png", (64, 64), seed=number)
    started = []

    def start(processes: int, steps: int, *words: object) -> subprocess.Popen[str]:
        launcher = ("torch.distributed.run", "--nnodes", 1, "--nproc-per-node", processes, "-m")
        command = (
            sys.executable, "-m", *(launcher if processes > 1 else ()), "lowlight_cli", "train", "vqgan",
            "--data", tmp_path / "photos", "-o", tmp_path / "run", "--crop", 64, "--device", "cpu",
            "--batch-size", 4, "--max-steps", steps, "--set", "run.journal_every=1", *words,
        )  # fmt: skip
        environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        started.append(
            subprocess.Popen([*map(str, command)], env=environment, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        if not process.stderr.closed:
            process.communicate()


@pytest.mark.slow
def test_a_run_of_two_processes_is_stopped_and_goes_on_in_one(launch, tmp_path):
    run = launch(2, 1000)
    while not (tmp_path / "run" / "metrics.jsonl").exists():
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.05)
    run.send_signal(signal.SIGTERM)
    told = run.communicate()[1]
    assert told.count("2 processes") == 1
    assert told.count("stopped; progress saved") == 1
    done = len(MetricsLog(tmp_path / "run").rows())
    alone = launch(1, done + 2)
    told = alone.communicate()[1]
    assert alone.returncode == 0
    assert f"(step {done})" in told
    steps = [row["step"] for row in MetricsLog(tmp_path / "run").rows() if "loss" in row]
    assert steps == list(range(done + 2))


@pytest.mark.slow
def test_mistakes_are_told_once(launch):
    run = launch(2, 1, "--accumulate", 4)
    told = run.communicate()[1]
    assert run.returncode
    assert (
        told.count("lle: error: a batch of 4 cannot be divided among 2 processes in 4 equal parts each") == 1
    )
