"""``-q`` silences stderr only: each command prints the same on stdout with and without it."""

from pathlib import Path

import pytest

from lowlight_cli.bench import measure as photo_bench
from lowlight_cli.checkpoints import export, import_weights
from lowlight_cli.checkpoints.export import Exported
from lowlight_cli.checkpoints.import_weights import Imported
from lowlight_cli.cli import train_ablate
from lowlight_cli.cli.app import app
from lowlight_cli.cli.config_schema import commands_below
from lowlight_cli.cli.typer_app import finished
from lowlight_cli.training import bench
from lowlight_cli.training.ablation import Row
from lowlight_cli.training.bench import Speed
from tests.unit.bench.samples import RESULT

SCORE = "eval --pred {here}/low --gt {here}/gt --metrics psnr,ssim --per-image"
DETECTORS = "detect-eval {here}/set --pred {here}/found --resamples 9"
TRAIN = "--crop 64 --batch-size 1 --max-steps 1 -o {new} --print-config"

PRODUCTS: dict[str, tuple[str, ...]] = {
    "enhance": (
        "enhance {here}/low -o {new}/ -m identity --print paths",
        "enhance {here}/low -o {new}/ -m identity --dry-run",
        "enhance {here}/low -o {new}/ -m identity --dry-run --json",
    ),
    "bench": ("bench {here}/low -m identity", "bench {here}/low -m identity --json"),
    "eval": tuple(f"{SCORE} -f {form}" for form in ("table", "json", "csv", "latex")),
    "detect-prep": ("detect-prep {here}/set -o {new} -m identity",),
    "detect-eval": (DETECTORS, f"{DETECTORS} --json", f"{DETECTORS} -f csv"),
    "export": ("export codeenhance -f pt2 -o {new}.pt2", "export codeenhance -f pt2 -o {new}.pt2 --json"),
    "report": (
        "report {here}/out",
        "report {here}/out -f json",
        "report {here}/out --report {new}.html --compare {new}",
    ),
    "schema": ("schema", "schema manifest"),
    "doctor": ("doctor", "doctor --json"),
    "train semantic": (f"train semantic {TRAIN}",),
    "train vqgan": (f"train vqgan {TRAIN}",),
    "train codeenhance": (f"train codeenhance {TRAIN}",),
    "train codeenhance-tune": (f"train codeenhance-tune {TRAIN}",),
    "train drgn-degradation": (f"train drgn-degradation {TRAIN}",),
    "train drgn-refinement": (f"train drgn-refinement {TRAIN}",),
    "train glare": (f"train glare --stage 2 {TRAIN}",),
    "train vqcnir": (f"train vqcnir {TRAIN}",),
    "train ablate": ("train ablate codeenhance --pairs {here}/pairs -o {new}",),
    "train bench": (
        "train bench vqgan --data {here}/low",
        "train bench vqgan --data {here}/low --json",
    ),
    "models list": ("models list", "models list --json"),
    "models info": ("models info identity", "models info identity --json"),
    "models verify": ("models verify drgn", "models verify drgn --json"),
    "models import": ("models import codeenhance {here}/weights.pth",),
    "models path": ("models path",),
    "datasets synthesize": ("datasets synthesize {here}/low -o {new} --longest 32",),
    "datasets list": ("datasets list", "datasets list --json"),
    "datasets info": ("datasets info LOL", "datasets info LOL --json"),
    "datasets check": (
        "datasets check --low {here}/low --gt {here}/gt",
        "datasets check --low {here}/low --json",
    ),
    "config show": ("config show enhance --origin", "config show enhance --json"),
    "config path": ("config path", "config path --json"),
    "config get": ("config get enhance.quality", "config get enhance.quality --json"),
    "cache dir": ("cache dir",),
    "cache clean": ("cache clean --dry-run",),
    "help": ("help enhance",),
    "version": ("version",),
    "try": ("try {here}/low/0.png -o {new}.jpg -m identity --contrast 0.8,1.2",),
}
"""Command -> calls that print something on stdout. A new command needs an entry here or below."""

NO_PRODUCT = {
    "config init": "writes a file",
    "config set": "writes a file",
    "config edit": "opens an editor",
}
"""Command -> why it prints nothing on stdout."""

CALLS = [pytest.param(call, id=call) for calls in PRODUCTS.values() for call in calls]


@pytest.fixture
def here(tmp_path, make_picture, run_folder):
    """Pictures, pairs, labels with detections, and the output of an earlier run."""
    for index in range(2):
        make_picture(tmp_path / "low" / f"{index}.png", seed=index)
        for folder in ("gt", "pairs/low", "pairs/high", "set/images"):
            make_picture(tmp_path / folder / f"{index}.png", seed=9 + index)
        for folder, score in (("set/labels", ""), ("found", " 0.9")):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / f"{index}.txt").write_text(f"0 0.5 0.5 0.4 0.4{score}\n")
    (tmp_path / "set" / "classes.txt").write_text("cat\n")
    (tmp_path / "weights.pth").write_bytes(b"weights")
    run_folder(["a.png"])
    return tmp_path


@pytest.fixture(autouse=True)
def nothing_is_trained_or_translated(monkeypatch):
    """What takes long, or gives other numbers each time, is replaced by its result."""
    row = Row("full", "the whole model", 10, 5, 1, 20.0, 0.5, 0.1)
    speed = Speed("vqgan", "cpu", "fp32", 1, 1, 64, 1, 2, 0.1, (0.1, 0.1), 10.0, 10.0, 0.1, None)
    imported = Imported(Path("codeenhance-paper.safetensors"), "codeenhance", 1, 2, ())
    graph = Exported(Path("codeenhance.pt2"), "pt2", 32, 64, 1e-6, ((1, 64, 64),))
    monkeypatch.setattr(export, "export_enhancer", lambda *_, **__: graph)
    monkeypatch.setattr(bench, "measure", lambda *_, **__: speed)
    monkeypatch.setattr(photo_bench, "measure", lambda *_, **__: RESULT)
    monkeypatch.setattr(import_weights, "import_weights", lambda *_: imported)
    monkeypatch.setattr(train_ablate.Grid, "train", lambda *_: None)
    monkeypatch.setattr(train_ablate.Grid, "write", lambda *_: [row])


def test_every_command_says_what_it_prints():
    names = {" ".join(words) for words, _ in commands_below(finished(app))}
    assert len(names) > 25
    assert PRODUCTS.keys() | NO_PRODUCT.keys() == names
    assert not PRODUCTS.keys() & NO_PRODUCT.keys()


@pytest.mark.parametrize("call", CALLS)
def test_quiet_changes_nothing_on_stdout_and_says_nothing_else(run_lle, here, monkeypatch, call):
    monkeypatch.chdir(here)
    monkeypatch.setenv("COLUMNS", "400")  # so that no name is cut

    def run(number, *more):
        new = here / f"new{number}"
        done = run_lle(*(word.format(here=here, new=new) for word in call.split()), *more)
        return done._replace(out=done.out.replace(str(new), "NEW"))

    loud, quiet = run(1), run(2, "-q")

    assert (loud.code, quiet.code) == (0, 0)
    assert loud.out
    assert quiet.out == loud.out
    assert quiet.err == ""


def test_quiet_still_says_what_failed(run_lle, here):
    (here / "low" / "bad.png").write_bytes(b"no picture")
    run = run_lle("eval", "--pred", here / "low", "--gt", here / "gt", "--metrics", "psnr", "-q")
    assert run.code == 3
    assert "PSNR" in run.out
    assert "bad.png" in run.err
