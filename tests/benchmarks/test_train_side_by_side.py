"""Trainings side by side: all in the plan can run, each has its log, and the worst exit code counts."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from benchmarks import train_side_by_side

PLAN = Path(train_side_by_side.__file__).with_name("gpu_trainings.toml")
ROOT = PLAN.parents[1]

STAND_IN = """
import sys
from benchmarks import train_side_by_side as script

def command(arguments):
    return [sys.executable, "-c", arguments[0], *arguments[1:]]

script.command = command
script.EVERY = 0.2
script.main()
"""
"""The script, where the first argument of a training is a program instead of a recipe."""


@pytest.fixture
def start(tmp_path):
    """Starts the script with a plan of Python programs."""

    def started(plan: dict[str, str], *options: str) -> subprocess.Popen[str]:
        file = tmp_path / "plan.toml"
        file.write_text("".join(f"{name} = {line!r}\n" for name, line in plan.items()))
        words = [str(file), "--data", "photos", "--pairs", "pairs", "--out", str(tmp_path / "out"), *options]
        return subprocess.Popen(
            [sys.executable, "-c", STAND_IN, *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return started


@pytest.mark.parametrize("name", tomllib.loads(PLAN.read_text()))
def test_everything_in_the_plan_is_a_training_that_exists(run_lle, monkeypatch, name, tmp_path):
    monkeypatch.chdir(ROOT)
    options = ("--data", tmp_path, "--pairs", tmp_path, "--print-config")
    run = run_lle("train", *tomllib.loads(PLAN.read_text())[name].split(), *options)
    assert run.code == 0, run.err
    start = tomllib.loads(run.out)["start"]
    assert (ROOT / start).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", tomllib.loads(PLAN.read_text()))
def test_everything_in_the_plan_takes_a_step(run_lle, monkeypatch, make_picture, name, tmp_path):
    monkeypatch.chdir(ROOT)
    for number in range(2):
        for folder in ("photos", "pairs/low", "pairs/high"):
            make_picture(tmp_path / folder / f"{number}.png", (256, 256), seed=number)
    data = ("--data", tmp_path / "photos", "--pairs", tmp_path / "pairs", "--set", 'data.held_out=["1"]')
    small = ("--batch-size", 1, "--device", "cpu", "--cache", "none", "--dry-run")
    run = run_lle("train", *tomllib.loads(PLAN.read_text())[name].split(), *data, *small)
    assert run.code == 0, run.err


def test_each_training_has_its_log_and_the_worst_exit_code_counts(start, tmp_path):
    seen = '"import sys; print(sys.argv[1:])"'
    process = start(
        {"good": f"{seen} --lr 1", "bad": '"raise SystemExit(9)"'}, "--minutes", "2", "--", "--seed", "3"
    )
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 9
    assert "good: exit code 0, bad: exit code 9" in out
    log = (tmp_path / "out" / "good.log").read_text()
    for word in (
        "--lr",
        "--limit-minutes', '2.0'",
        "run.schedule=clock",
        "--seed', '3'",
        str(tmp_path / "out" / "good"),
    ):
        assert word in log
    assert "'--lr', '1'" in out


def test_with_a_number_of_steps_none_follows_the_clock(start, tmp_path):
    seen = '"import sys; print(sys.argv[1:])"'
    process = start({"one": seen}, "--steps", "800", "--minutes", "2")
    process.communicate(timeout=60)
    log = (tmp_path / "out" / "one.log").read_text()
    assert "'--max-steps', '800'" in log
    assert "'--limit-minutes', '2.0'" in log
    assert "run.schedule" not in log


def test_a_signal_ends_all_of_them(start, tmp_path):
    sleeps = '"print(1, flush=True); import time; time.sleep(60)"'
    process = start({"one": sleeps, "other": sleeps})
    logs = [tmp_path / "out" / f"{name}.log" for name in ("one", "other")]
    deadline = time.monotonic() + 60
    while not all(log.exists() and log.read_text() for log in logs) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 15
    assert "one: exit code -15, other: exit code -15" in out


def test_a_rehearsal_takes_one_after_the_other(start, tmp_path):
    seen = '"import sys; print(sys.argv[1:])"'
    process = start({"one": seen, "other": '"raise SystemExit(9)"'}, "--rehearse")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 9
    assert "--rehearse" in out
    assert "run.schedule=clock" not in out
    assert not (tmp_path / "out").exists()
