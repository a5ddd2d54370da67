"""``lle enhance`` with several devices: results, events, processes that are killed, and signals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lowlight_cli.pipeline import worker_pool
from lowlight_cli.pipeline.worker_lock import working_in
from tests.cli.written_records import events, facts, files, states
from tests.unit.pipeline import fake_worker

MODEL = ("--precision", "fp32", "--min-free", "0")


@pytest.fixture
def photos(make_picture, tmp_path):
    """Seven pictures in a tree, and one damaged file."""
    for i in range(7):
        make_picture(tmp_path / "in" / f"{i % 2}" / f"{i}.png", seed=i)
    (tmp_path / "in" / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    return tmp_path / "in"


@pytest.fixture
def fake(monkeypatch, quick_workers):
    """Replaces the worker processes by some without a model."""
    monkeypatch.setattr(worker_pool, "serve", fake_worker.serve)


def test_results_records_and_events_are_those_of_one_process(run_lle, photos, tmp_path):
    runs = {}
    for name, device in (("one", "cpu"), ("two", "cpu,cpu")):
        out = tmp_path / name / "out"
        runs[name] = run_lle("enhance", photos, "-o", out, *MODEL, "--device", device, "--json")
    one, two = (tmp_path / name / "out" for name in runs)
    assert [run.code for run in runs.values()] == [3, 3]
    assert files(one) == files(two)
    assert len(files(two)) == 7
    assert facts(one) == facts(two)
    assert (one / ".lle" / "failed.txt").read_bytes() == (two / ".lle" / "failed.txt").read_bytes()
    assert set(states(two)) - set(states(one)) == {"workers"}
    found = [events(runs[name].out, tmp_path / name) for name in runs]
    assert found[0] == found[1]


@pytest.mark.usefixtures("quick_workers")
def test_a_shard_may_use_several_devices(run_lle, enhance, photos, tmp_path):
    out, one = tmp_path / "out", tmp_path / "one"
    words = ("enhance", photos, "-o", out, "-m", "identity")
    assert run_lle(*words, "--device", "cpu,cpu", "--shard", "0/2").code in (0, 3)
    assert "workers-0-of-2" in states(out)
    assert not [name for name in states(out) if name.startswith("journal")]
    enhance(photos, "-o", out, "--shard", "1/2")
    enhance(photos, "-o", out)
    enhance(photos, "-o", one)
    assert files(out) == files(one)
    assert facts(out) == facts(one)
    assert states(out) == states(one)


def test_an_image_on_which_processes_end_twice_fails_alone_and_is_tried_in_the_next_run(
    run_lle, enhance, make_picture, fake, tmp_path
):
    for name in ("a", "b", "deadly", "once"):
        make_picture(tmp_path / "in" / f"{name}.png")
    words = (tmp_path / "in", "-o", tmp_path / "out")
    done = run_lle("enhance", *words, "-m", "identity", "--device", "cpu,cpu", "--json")
    assert done.code == 3
    (failed,) = [json.loads(line) for line in done.out.splitlines() if '"crashed"' in line]
    assert failed["in"].endswith("deadly.png")
    assert "its images are tried again" in done.err
    assert "3 enhanced" in done.err
    assert (tmp_path / "out" / ".lle" / "failed.txt").read_text().endswith("deadly.png\n")
    assert "1 enhanced" in enhance(*words).err


@pytest.mark.parametrize("shard", [(), ("--shard", "0/1")], ids=["all", "shard"])
def test_processes_of_a_killed_run_are_waited_for(enhance, make_picture, tmp_path, monkeypatch, shard):
    monkeypatch.setattr("lowlight_cli.pipeline.worker_lock._WAIT_S", 0.1)
    make_picture(tmp_path / "in" / "a.png")
    words, records = (tmp_path / "in", "-o", tmp_path / "out", *shard), "-0-of-1" if shard else ""
    (tmp_path / "out" / ".lle").mkdir(parents=True)
    with working_in(tmp_path / "out", records):
        done = enhance(*words)
    assert (done.code, done.err.count("\n")) == (11, 1)
    assert "processes of a run that was killed still write to" in done.err
    assert enhance(*words).code == 0


@pytest.mark.usefixtures("quick_workers")
def test_a_model_that_cannot_be_loaded_gives_one_line(run_lle, photos, tmp_path):
    (tmp_path / "broken.pt").write_bytes(b"no weights")
    options = ("--checkpoint", tmp_path / "broken.pt", "--device", "cpu,cpu")
    done = run_lle("enhance", photos, "-o", tmp_path / "out", *options)
    assert (done.code, done.out, done.err.count("\n")) == (6, "", 1)
    assert "broken.pt" in done.err
    assert files(tmp_path / "out") == {}


@pytest.mark.usefixtures("quick_workers")
def test_a_full_disk_ends_the_run(run_lle, photos, tmp_path):
    options = ("-m", "identity", "--device", "cpu,cpu", "--min-free", "9999999999M")
    done = run_lle("enhance", photos, "-o", tmp_path / "out", *options)
    assert done.code == 8
    assert "--min-free" in done.err
    assert files(tmp_path / "out") == {}


@pytest.mark.parametrize("hardware", ["plain"], indirect=True)
@pytest.mark.parametrize(
    ("device", "code", "words"),
    [
        ("cuda:all", 7, "no CUDA device found (--device cuda:all); use --device cpu"),
        ("cuda:0,cuda:1", 7, "no CUDA device found (--device cuda:0)"),
        ("cuda:0,cpu", 2, "must be of one kind"),
        ("cpu,auto", 2, "go in no list"),
    ],
)
def test_devices_that_cannot_be_used_give_one_line(hardware, run_lle, photos, tmp_path, device, code, words):
    done = run_lle("enhance", photos, "-o", tmp_path / "out", "--device", device)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert words in done.err


@pytest.mark.parametrize("device", ["gpu", "cpu,gpu"])
def test_what_is_no_device_is_refused_also_when_nothing_is_to_do(run_lle, tmp_path, device):
    (tmp_path / "in").mkdir()
    done = run_lle("enhance", tmp_path / "in", "-o", tmp_path / "out", "--device", device)
    assert (done.code, done.out) == (2, "")
    assert "Invalid value for '--device': unknown device 'gpu'" in done.err


def test_one_image_needs_no_second_process(run_lle, photos, tmp_path, monkeypatch):
    monkeypatch.setattr("lowlight_cli.pipeline.device_run.run_on_devices", None)
    source = photos / "0" / "0.png"
    options = ("-m", "identity", "--device", "cpu,cpu")
    assert run_lle("enhance", source, "-o", tmp_path / "one.png", *options).code == 0
    assert run_lle("enhance", source, "-o", tmp_path / "out", *options).code == 0


def test_a_dry_run_starts_no_process(run_lle, photos, tmp_path, monkeypatch):
    monkeypatch.setattr("lowlight_cli.pipeline.device_run.run_on_devices", None)
    done = run_lle("enhance", photos, "-o", tmp_path / "out", "--device", "cpu,cpu", "-n")
    assert done.code == 0
    assert not (tmp_path / "out").exists()


def test_watching_takes_one_device(run_lle, photos, tmp_path):
    done = run_lle("enhance", photos, "-o", tmp_path / "out", "--device", "cpu,cpu", "--watch")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--watch excludes --device cpu,cpu; choose one" in done.err


@pytest.mark.parametrize("command", ["eval", "try"])
def test_commands_that_use_one_device_refuse_several(run_lle, photos, tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = {"eval": ("--low", photos / "0"), "try": (photos / "0" / "0.png",)}[command]
    done = run_lle(command, *words, "--device", "cpu,cpu")
    assert done.code == 2
    assert "only enhance and detect-prep use several devices; choose one" in done.err


class _Program:
    """``lle enhance`` with the identity model and two processes, in a process of its own."""

    def __init__(self, root, tmp_path):
        self.out = tmp_path / "out"
        words = ["enhance", str(tmp_path / "in"), "-o", str(self.out), "-m", "identity"]
        words += ["--device", "cpu,cpu", "--workers", "2"]
        environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lowlight_cli", *words],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def workers(self):
        """Process IDs of those that have begun to write."""
        return [int(path.stem.rpartition("-")[2]) for path in (self.out / ".lle").glob("journal.*-*.jsonl")]

    def wait_for_workers(self):
        give_up_at = time.monotonic() + 60
        while not self.workers() and self.process.poll() is None and time.monotonic() < give_up_at:
            time.sleep(0.005)
        assert self.workers()


@pytest.fixture
def program(root, make_picture, tmp_path):
    """Starts the program on forty pictures; waits until a worker has begun to write."""
    for i in range(40):
        make_picture(tmp_path / "in" / f"{i}.png", size=(400, 300), seed=i)
    started = _Program(root, tmp_path)
    started.wait_for_workers()
    yield started
    started.process.kill()
    started.process.communicate()


def _has_ended(pid):
    """Whether a process has ended, even if nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return True


def test_a_process_that_is_killed_is_started_again(program, enhance, tmp_path):
    os.kill(program.workers()[0], signal.SIGKILL)
    _, errors = program.process.communicate(timeout=120)
    assert program.process.returncode == 0, errors
    assert "a worker process on cpu ended (signal SIGKILL" in errors
    assert "40 enhanced" in errors
    enhance(tmp_path / "in", "-o", tmp_path / "one")
    assert files(program.out) == files(tmp_path / "one")
    assert {entry["status"] for entry in facts(program.out).values()} == {"ok"}
    assert states(program.out) == ["lock", "manifest.jsonl", "workers"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda each: each.name)
def test_a_signal_ends_all_processes_and_the_next_run_completes(program, enhance, tmp_path, number):
    workers = program.workers()
    if number is signal.SIGKILL:
        program.process.send_signal(number)
    else:
        os.killpg(program.process.pid, number)  # as a terminal does
    _, errors = program.process.communicate(timeout=60)
    if number is signal.SIGKILL:
        assert program.process.returncode == -9
    else:
        assert program.process.returncode == 128 + number
        assert errors.splitlines()[1].startswith("Interrupted: ")
        assert all(map(_has_ended, workers))
        assert not list(program.out.rglob("*lle-tmp*"))
    done = enhance(tmp_path / "in", "-o", program.out)
    assert done.code == 0, done.err
    assert all(map(_has_ended, workers))
    assert "unchanged" in done.err
    assert "left alone" not in done.err
    enhance(tmp_path / "in", "-o", tmp_path / "one")
    assert files(program.out) == files(tmp_path / "one")
    assert states(program.out) == ["lock", "manifest.jsonl", "workers"]
