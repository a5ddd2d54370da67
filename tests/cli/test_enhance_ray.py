"""``lle enhance --engine ray``: results, records, processes that are killed, signals and refusals.

Tests with the marker ``ray`` start Ray on this machine.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from lowlight_cli.pipeline.manifest import read_manifest
from lowlight_cli.pipeline.request import EnhanceRequest, RayOptions
from tests.cli.written_records import events, facts, files, states

DEADLY = """
import os, sys

def dies(event, arguments):
    if event != "open" or "default_worker.py" not in " ".join(sys.argv[:1]):
        return
    name = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else ""
    if name.endswith("deadly.png"):
        os._exit(9)
    if name.endswith("once.png") and not os.path.exists(name + ".begun"):
        os.mkdir(name + ".begun")
        os._exit(9)

sys.addaudithook(dies)
"""
"""Ends a worker of Ray that opens an image of a certain name."""

real_ray = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture
def photos(make_picture, tmp_path):
    """Twelve pictures in a tree, and one damaged file."""
    for i in range(12):
        make_picture(tmp_path / "in" / f"{i % 3}" / f"{i}.png", seed=i)
    (tmp_path / "in" / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    return tmp_path / "in"


@pytest.fixture
def start(root, tmp_path):
    """Starts ``lle enhance`` in a process of its own, whose Ray keeps its files in a folder of its own."""
    pytest.importorskip("ray")
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(DEADLY)

    def run(*arguments, options=("-m", "identity"), **more):
        words = ["-m", "lowlight_cli", "enhance", *options, "--device", "cpu", *map(str, arguments)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        environment |= {"PYTHONPATH": f"{root}:{folder}", "HOME": str(tmp_path), **more}
        return subprocess.Popen(
            [sys.executable, *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


@pytest.fixture
def ray(start):
    """Runs ``lle enhance --engine ray``; gives exit code, stdout and stderr."""

    def run(*arguments, **more):
        process = start(*arguments, "--engine", "ray", **more)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    return run


def leftovers():
    """Processes of Ray that belong to runs of these tests, which must be none."""
    found = subprocess.run(["pgrep", "-f", "lle-ray-"], capture_output=True, text=True, check=False)
    return found.stdout.split()


def no_leftovers():
    give_up_at = time.monotonic() + 30
    while leftovers() and time.monotonic() < give_up_at:
        time.sleep(0.2)
    return not leftovers()


class TestWithRay:
    pytestmark = real_ray

    def test_results_records_and_events_are_those_of_one_process(self, ray, run_lle, photos, tmp_path):
        one, two = tmp_path / "one", tmp_path / "two"
        words = ("enhance", photos, "-o", one, "-m", "identity", "--device", "cpu", "--json")
        inline = run_lle(*words)
        code, out, err = ray(photos, "-o", two, "--json")
        assert (code, inline.code) == (3, 3), err
        assert files(one) == files(two)
        assert len(files(two)) == 12
        assert facts(one) == facts(two)
        assert (one / ".lle" / "failed.txt").read_bytes() == (two / ".lle" / "failed.txt").read_bytes()
        assert set(states(two)) - set(states(one)) == {"workers"}
        assert events(inline.out, one) == events(out, two)
        assert no_leftovers()

    def test_the_default_model_gives_the_same_bytes(self, ray, start, photos, tmp_path):
        one, two = tmp_path / "one", tmp_path / "two"
        options = ("--precision", "fp32")
        inline = start(photos, "-o", one, options=options)
        inline.communicate(timeout=300)
        assert inline.returncode == 3
        code, _, err = ray(photos, "-o", two, options=options)
        assert code == 3, err
        assert files(one) == files(two)
        assert facts(one) == facts(two)

    def test_a_folder_of_200_comes_in_order_from_two_workers_and_is_done_only_once(
        self, ray, make_picture, tmp_path
    ):
        for i in range(200):
            make_picture(tmp_path / "in" / f"{i:03}.png", size=(8, 6), seed=i)
        words = (tmp_path / "in", "-o", tmp_path / "out", "--print", "paths", "--ray-workers", "2")
        code, out, err = ray(*words)
        assert code == 0, err
        assert out.splitlines() == [str(tmp_path / "out" / f"{i:03}.png") for i in range(200)]
        assert [entry.input for entry in read_manifest(tmp_path / "out").values()] == [
            f"{i:03}.png" for i in range(200)
        ]
        assert "200 enhanced" in err
        code, out, err = ray(*words)
        assert (code, len(out.splitlines())) == (0, 200)
        assert "200 unchanged" in err or "up to date" in err, err

    def test_an_image_on_which_workers_die_is_given_up_and_all_others_are_made(
        self, ray, enhance, make_picture, tmp_path
    ):
        names = ["a_once", "b", "c", "deadly", "e", "x", "y"]
        for index, name in enumerate(names):
            make_picture(tmp_path / "in" / f"{name}.png", seed=index)
        code, out, err = ray(tmp_path / "in", "-o", tmp_path / "out", "--json")
        assert code == 3, err
        items = [json.loads(line) for line in out.splitlines()][1:-1]
        assert [item["in"].rpartition("/")[2] for item in items] == [f"{name}.png" for name in names]
        (failed,) = [item for item in items if item["status"] == "failed"]
        assert (failed["error"]["code"], failed["in"][-10:]) == ("crashed", "deadly.png")
        assert "its images are tried again" in err
        assert "deadly" in (tmp_path / "out" / ".lle" / "failed.txt").read_text()
        assert not [name for name in files(tmp_path / "out") if "lle-tmp" in name]
        assert "1 enhanced" in enhance(tmp_path / "in", "-o", tmp_path / "out").err

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_ends_the_run_and_the_next_one_goes_on(
        self, start, enhance, make_picture, tmp_path, number, code
    ):
        for i in range(60):
            make_picture(tmp_path / "in" / f"{i:02}.png", size=(900, 700), seed=i)
        out = tmp_path / "out"
        process = start(tmp_path / "in", "-o", out, "--engine", "ray", "--workers", "1")
        give_up_at = time.monotonic() + 120
        while not list(out.glob("*.png")) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
        assert process.returncode == code, err
        assert "Interrupted: " in err
        made = files(out)
        assert 0 < len(made) < 60
        assert not [name for name in made if "lle-tmp" in name]
        assert set(facts(out)) == set(made)
        assert not [name for name in states(out) if name.startswith(("journal", "ray"))]
        assert no_leftovers()
        assert f"{60 - len(made)} enhanced" in enhance(tmp_path / "in", "-o", out).err

    def test_max_errors_ends_the_run(self, ray, make_picture, tmp_path):
        for i in range(100):
            (tmp_path / "in" / f"{i:03}.jpg").parent.mkdir(exist_ok=True)
            (tmp_path / "in" / f"{i:03}.jpg").write_bytes(b"\xff\xd8 no picture")
        code, out, err = ray(tmp_path / "in", "-o", tmp_path / "out", "--json", "--max-errors", "3")
        rows = [json.loads(line) for line in out.splitlines()][1:-1]
        assert code == 3, err
        assert 3 <= len(rows) < 100

    def test_a_model_that_cannot_be_loaded_gives_one_line(self, ray, photos, tmp_path):
        (tmp_path / "broken.pt").write_bytes(b"no weights")
        code, out, err = ray(
            photos, "-o", tmp_path / "out", "--checkpoint", tmp_path / "broken.pt", options=()
        )
        assert (code, out, err.count("\n")) == (6, "", 1), err
        assert "broken.pt" in err

    def test_a_full_disk_ends_the_run(self, ray, photos, tmp_path):
        code, _, err = ray(photos, "-o", tmp_path / "out", "--min-free", "9999999999M")
        assert code == 8, err
        assert files(tmp_path / "out") == {}

    def test_a_cluster_that_is_not_there_gives_one_line(self, ray, photos, tmp_path):
        code, out, err = ray(photos, "-o", tmp_path / "out", RAY_ADDRESS="127.0.0.1:1")
        assert (code, out, err.count("\n")) == (7, "", 1), err
        assert "cannot connect to Ray at '127.0.0.1:1'" in err

    def test_one_image_may_go_to_a_named_file(self, ray, photos, tmp_path):
        code, out, err = ray(photos / "0" / "0.png", "-o", tmp_path / "one.png", "--print", "paths")
        assert (code, out) == (0, f"{tmp_path / 'one.png'}\n"), err


def test_without_the_package_one_line_names_the_extra(run_lle, photos, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    done = run_lle("enhance", photos, "-o", tmp_path / "out", "-m", "identity", "--engine", "ray")
    assert (done.code, done.out, done.err.count("\n")) == (7, "", 1)
    assert done.err.startswith("lle: error: --engine ray needs Ray")
    assert "pip install 'lowlight-cli[ray]'" in done.err
    assert not (tmp_path / "out").exists()


def test_the_engine_is_a_setting_too(run_lle, photos, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    (tmp_path / "lle.toml").write_text('[enhance]\nengine = "ray"\n')
    words = ("enhance", photos, "-o", tmp_path / "out", "-m", "identity")
    assert run_lle("--config", tmp_path / "lle.toml", *words).code == 7
    assert run_lle("--config", tmp_path / "lle.toml", *words, "--engine", "inline").code == 3
    monkeypatch.setenv("LLE_ENGINE", "ray")
    assert run_lle(*words).code == 7


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--in-place", "--no-backup", "--yes"), "--engine ray excludes --in-place"),
        (("--out", "-"), "--engine ray excludes --out -"),
        (("--shard", "0/2"), "--engine ray excludes --shard; Ray divides the images itself"),
        (("--watch",), "--watch excludes --engine ray"),
        (("--device", "cuda:1"), "excludes --device cuda:1; use auto, cpu or cuda, as Ray assigns the GPUs"),
        (("--device", "cuda:all"), "excludes --device cuda:all"),
        (("--device", "cpu,cpu"), "excludes --device cpu,cpu"),
        (("--ray-address", "ray://head:10001"), "run lle on a machine of the cluster"),
        (("--ray-address", "http://head:8265"), "run lle on a machine of the cluster"),
    ],
)
def test_what_ray_cannot_do_is_refused(enhance, photos, options, words):
    done = enhance(photos, "--engine", "ray", *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


@pytest.mark.parametrize("option", [("--ray-workers", "2"), ("--workers-per-gpu", "2")])
def test_options_of_ray_need_ray(enhance, photos, option):
    done = enhance(photos, *option)
    assert done.code == 2
    assert f"{option[0]} " in done.err
    assert "for --engine ray only" in done.err


def test_an_image_from_stdin_is_refused():
    with pytest.raises(Exception, match="--engine ray excludes stdin"):
        EnhanceRequest(input={"sources": ("-",)}, engine="ray", ray=RayOptions())


def test_a_dry_run_does_not_need_ray(enhance, photos, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    done = enhance(photos, "-o", tmp_path / "out", "--engine", "ray", "--dry-run")
    assert done.code == 0
    assert Counter("make" in line for line in done.out.splitlines())[True] >= 13
