"""A training run that is killed or stopped loses nothing: it ends as one that was left alone."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

STEPS = 20


@pytest.fixture
def start(root, tmp_path, make_picture):
    """Starts ``lle train vqgan`` in a process of its own, in the run folder named."""
    for number in range(3):
        make_picture(tmp_path / "photos" / f"{number}.png", (64, 64), seed=number)

    processes = []

    def started(name: str, steps: int = STEPS) -> subprocess.Popen[str]:
        words = (
            "train", "vqgan", "--data", tmp_path / "photos", "-o", tmp_path / name, "--crop", 64,
            "--device", "cpu", "--batch-size", 2, "--max-steps", steps, "--ckpt-every", 10,
            "--precision", "fp32",
            "--set", "run.journal_every=1", "--set", "codes_from=5", "--set", "critic_from=3",
            "--set", "critic_width=4",
        )  # fmt: skip
        environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "lowlight_cli", *map(str, words)]
        processes.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield started
    for process in processes:
        process.kill()
        if not process.stderr.closed:
            process.communicate()


def wait_for(path, process):
    """Waits until a run has written a file."""
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)


def is_same(value, other):
    """Whether two entries of a state are equal to the bit."""
    return torch.equal(value, other) if isinstance(value, torch.Tensor) else value == other


def losses(journal):
    """Step and losses of each line, without what depends on the machine."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    machine = {"images_per_second", "data_wait", "memory_mb"}
    return [{key: line[key] for key in line.keys() - machine} for line in lines if "loss" in line]


@pytest.mark.slow
def test_a_killed_run_goes_on_bit_for_bit(start, tmp_path):
    whole = start("whole")
    assert whole.wait() == 0
    killed = start("killed")
    wait_for(tmp_path / "killed" / "ckpt" / "last.pt", killed)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed" / "ckpt" / "step-000020.pt").exists()
    assert start("killed").wait() == 0
    states = [
        torch.load(tmp_path / name / "ckpt" / "last.pt", weights_only=True) for name in ("whole", "killed")
    ]
    for part in ("model", "discriminator", "average", "counts"):
        for key, value in states[0][part].items():
            assert is_same(value, states[1][part][key]), (part, key)
    journals = [losses(tmp_path / name / "metrics.jsonl") for name in ("whole", "killed")]
    assert journals[0] == journals[1]
    assert len(journals[0]) == STEPS


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_saves_first(start, tmp_path, number, code):
    run = start("run", steps=100_000)
    wait_for(tmp_path / "run" / "metrics.jsonl", run)
    run.send_signal(number)
    _, told = run.communicate()
    assert run.returncode == code
    assert told.endswith("stopped; progress saved. Run the same command to resume\n")
    assert "use it:" not in told
    state = torch.load(tmp_path / "run" / "ckpt" / "last.pt", weights_only=True)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert state["step"] == len(lines)
    assert (tmp_path / "run" / "vqgan.safetensors").is_file()
