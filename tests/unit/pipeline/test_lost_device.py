"""What a device that can no longer be used costs: what was not made yet."""

import json

import pytest
import torch

from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline import frames
from lowlight_cli.pipeline.device_errors import DeviceLostError, is_lost
from lowlight_cli.pipeline.encode_behind import WriteBehind
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.manifest import read_manifest
from tests.unit.pipeline.failing_models import CPU, ILLEGAL, Moody, by_name, is_white, run


@pytest.mark.parametrize(("batch_size", "failed", "left"), [(1, 1, 2), (2, 0, 4)])
def test_a_lost_device_ends_the_run_with_all_that_was_made(odd_plan, monkeypatch, batch_size, failed, left):
    monkeypatch.setattr(frames, "is_lost", lambda device: True)
    model = Moody(is_white, ILLEGAL)
    report, crashes = run(odd_plan, model, batch_size=batch_size)
    assert isinstance(report.ended_by, DeviceLostError)
    assert "an illegal memory access was encountered" in str(report.ended_by)
    assert "more lines" not in str(report.ended_by)
    assert (report.exit_code, report.count("failed"), report.left) == (7, failed, left)
    assert report.count("ok") == len(list(odd_plan.folder.glob("*.png"))) == 6 - failed - left
    assert [row.code for row in report.rows if row.status == "failed"] == ["device"] * failed
    assert not crashes


def test_a_device_that_answers_is_not_lost(odd_plan, monkeypatch):
    report, crashes = run(odd_plan, Moody(is_white, ILLEGAL))
    assert report.ended_by is None
    assert by_name(report)[3].code == "internal"
    assert len(crashes) == 1


@pytest.mark.parametrize(
    ("failure", "lost"),
    [(None, False), (ILLEGAL, True), (torch.OutOfMemoryError("CUDA out of memory"), False)],
    ids=["answers", "illegal", "full"],
)
def test_a_device_is_lost_where_it_refuses_the_smallest_computation(monkeypatch, failure, lost):
    def zeros(*_, **__):
        if failure:
            raise failure
        return torch.ones(1)

    monkeypatch.setattr(torch, "zeros", zeros)
    assert is_lost(torch.device("cuda", 0)) is lost
    assert not is_lost(CPU)


@pytest.fixture
def lose(run_lle, make_picture, tmp_path, monkeypatch):
    """Runs ``lle enhance`` over four images with a device that is lost in its n-th pass."""
    for number in range(4):
        make_picture(tmp_path / "in" / f"{number}.png", seed=number)

    def run(nth, *options, model=Identity, name="identity"):
        moody = Moody(lambda *_: len(moody.passes) >= nth, ILLEGAL)
        enhance = model.enhance

        def enhance_until(self, images, controls, **options):
            moody.enhance(images, controls)
            return enhance(self, images, controls, **options)

        with monkeypatch.context() as patch:
            patch.setattr(frames, "is_lost", lambda device: True)
            patch.setattr(model, "enhance", enhance_until)
            words = ("-o", tmp_path / "out", "-m", name, "--precision", "fp32", *options)
            return run_lle("enhance", tmp_path / "in", *words)

    return run


@pytest.mark.parametrize("options", [(), ("--fail-empty",)], ids=str)
def test_a_device_that_is_lost_at_once_is_no_empty_folder(lose, monkeypatch, options):
    monkeypatch.setattr("lowlight_cli.pipeline.model_setup._limits", lambda *_: Limits(2**20))
    run = lose(1, "--batch-size", 4, *options)
    assert run.code == 7
    assert "no images found" not in run.err
    assert "can no longer be used" in run.err


def test_inner_pictures_are_not_made_on_a_lost_device(lose, tmp_path):
    from lowlight_cli.models.drgn.model import Drgn

    run = lose(3, "--save-degradation", "--json", model=Drgn, name="lw-drgn")
    assert run.code == 7, run.err
    assert json.loads(run.out.splitlines()[-1])["exit"] == 7
    assert "internal error" not in run.err
    assert not list((tmp_path / "out").glob("*.degradation.*"))


def test_a_signal_after_the_loss_ends_the_run_in_order(odd_plan, monkeypatch):
    monkeypatch.setattr(frames, "is_lost", lambda device: True)
    monkeypatch.setattr("lowlight_cli.pipeline.engine._GRACE_S", 60.0)
    wait_for_oldest = WriteBehind.wait_for_oldest

    def wait_and_stop(self):
        wait_for_oldest(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(WriteBehind, "should_collect", property(lambda self: False))
    monkeypatch.setattr(WriteBehind, "wait_for_oldest", wait_and_stop)
    report, _ = run(odd_plan, Moody(is_white, ILLEGAL), batch_size=1)
    made = report.count("ok")
    assert (report.exit_code, report.count("failed"), made + report.left) == (130, 1, 5)
    assert made == len(list(odd_plan.folder.glob("*.png"))) > 0


def test_a_run_goes_on_where_a_device_was_lost(run_lle, make_picture, tmp_path, monkeypatch):
    for number in range(4):
        make_picture(tmp_path / "in" / f"{number}.png", seed=number)
    model = Moody(lambda *_: len(model.passes) == 3, ILLEGAL)
    options = (
        tmp_path / "in",
        "-o",
        tmp_path / "out",
        "-m",
        "identity",
        "--device",
        "cpu",
        "--precision",
        "fp32",
    )
    with monkeypatch.context() as patch:
        patch.setattr(frames, "is_lost", lambda device: True)
        patch.setattr(Identity, "enhance", model.enhance)
        run = run_lle("enhance", *options, "--json")
    end = json.loads(run.out.splitlines()[-1])
    assert (run.code, end["ok"], end["failed"], end["left"], end["exit"]) == (7, 2, 1, 1, 7)
    assert "lle: error: cpu can no longer be used: CUDA error: an illegal memory access" in run.err
    first = {entry.input: entry.status for entry in read_manifest(tmp_path / "out").values()}
    assert first == {"0.png": "ok", "1.png": "ok", "2.png": "failed"}
    end = json.loads(run_lle("enhance", *options, "--json").out.splitlines()[-1])
    assert (end["ok"], end["skipped"], end["exit"]) == (2, 2, 0)
