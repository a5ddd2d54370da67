"""How fast a short format is, measured once."""

import json

import pytest
import torch

from lowlight_cli.device import BF16, FP16
from lowlight_cli.models.identity import Identity
from lowlight_cli.pipeline.speed_trial import ROUNDS, SpeedTrial, processor_name

IMAGES = torch.rand(1, 3, 16, 24)


class Clocked(Identity):
    """Takes so many seconds of a clock of its own, by format; the first pass of each takes far longer."""

    def __init__(self, exact_s, short_s):
        super().__init__()
        self.now = 0.0
        self.seconds = {False: exact_s, True: short_s}
        self.passes = []

    def enhance(self, images, controls, *, observation=None, reference=None):
        is_short = torch.is_autocast_enabled("cpu")
        self.now += self.seconds[is_short] * (1 if is_short in self.passes else 50)
        self.passes.append(is_short)
        return images


def _trial(model, folder, name="name"):
    return SpeedTrial(name, folder=folder, clock=lambda: model.now)


@pytest.mark.parametrize(("exact_s", "short_s"), [(0.03, 0.01), (0.01, 0.0145)], ids=["faster", "slower"])
def test_the_speed_is_that_of_warm_passes(tmp_path, exact_s, short_s):
    model = Clocked(exact_s, short_s)
    assert _trial(model, tmp_path).speed(BF16, model, IMAGES) == pytest.approx(exact_s / short_s, abs=1e-3)
    assert len(model.passes) == 2 * (1 + ROUNDS[1])


def test_a_slow_model_is_measured_twice_in_each_format(tmp_path):
    model = Clocked(3.0, 9.0)
    assert _trial(model, tmp_path).speed(BF16, model, IMAGES) == pytest.approx(1 / 3, abs=1e-3)
    assert len(model.passes) == 2 * (1 + ROUNDS[0])


def test_one_thread_is_timed_and_all_are_there_again(tmp_path):
    seen = []

    class Counting(Clocked):
        def enhance(self, images, controls, *, observation=None, reference=None):
            seen.append(torch.get_num_threads())
            return super().enhance(images, controls)

    torch.set_num_threads(2)
    model = Counting(0.03, 0.01)
    _trial(model, tmp_path).speed(BF16, model, IMAGES)
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2


def test_an_answer_of_a_busy_machine_is_not_kept(tmp_path):
    class Disturbed(Clocked):
        def enhance(self, images, controls, *, observation=None, reference=None):
            self.seconds[False] *= 1.3  # no two passes take the same time
            return super().enhance(images, controls)

    model = Disturbed(0.03, 0.01)
    assert _trial(model, tmp_path).speed(BF16, model, IMAGES) > 3
    assert not (tmp_path / "speed.json").exists()


def test_an_answer_is_kept_for_model_and_format(tmp_path):
    model = Clocked(0.03, 0.01)
    first = _trial(model, tmp_path).speed(BF16, model, IMAGES)
    model.seconds[True], count = 0.1, len(model.passes)
    assert _trial(model, tmp_path).speed(BF16, model, IMAGES) == first
    assert len(model.passes) == count
    assert _trial(model, tmp_path, "other").speed(BF16, model, IMAGES) < first
    assert _trial(model, tmp_path).speed(FP16, model, IMAGES) < first
    assert len(json.loads((tmp_path / "speed.json").read_text())) == 3


@pytest.mark.parametrize("facts", [{"torch": "9.9"}, {"flags": {"cpu_name": "x", "avx2": True}}], ids=str)
def test_another_processor_or_pytorch_is_measured_anew(tmp_path, monkeypatch, facts):
    model = Clocked(0.03, 0.01)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"cpu_name": "x"})
    _trial(model, tmp_path).speed(BF16, model, IMAGES)
    count = len(model.passes)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: facts.get("flags", {"cpu_name": "x"}))
    monkeypatch.setattr(torch, "__version__", facts.get("torch", torch.__version__))
    _trial(model, tmp_path).speed(BF16, model, IMAGES)
    assert len(model.passes) > count


@pytest.mark.parametrize("value", ['"fast"', "null", "[]", "NaN"])
def test_a_damaged_answer_is_as_none(tmp_path, value):
    model = Clocked(0.03, 0.01)
    trial = _trial(model, tmp_path)
    trial.speed(BF16, model, IMAGES)
    path = tmp_path / "speed.json"
    path.write_text(path.read_text().replace("3.0", value))
    assert value in path.read_text()
    assert trial.speed(BF16, model, IMAGES) == pytest.approx(3.0, abs=1e-3)


@pytest.mark.parametrize("content", ["", "[1]", "{", "\0"])
def test_a_damaged_file_is_as_none(tmp_path, content):
    (tmp_path / "speed.json").write_text(content)
    model = Clocked(0.03, 0.01)
    assert _trial(model, tmp_path).speed(BF16, model, IMAGES) == pytest.approx(3.0, abs=1e-3)


def test_a_user_without_a_home_is_measured_each_time(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("lowlight_cli.pipeline.speed_trial.cache_folder", no_home)
    model = Clocked(0.03, 0.01)
    assert _trial(model, None).speed(BF16, model, IMAGES) == pytest.approx(3.0, abs=1e-3)


def test_processors_of_one_name_differ_by_what_they_can(monkeypatch):
    names = set()
    for flags in ({"avx2": True}, {"avx2": True, "avx512_bf16": True}, {"avx2": True, "l2_cache_size": 9}):
        monkeypatch.setattr(
            torch.cpu, "get_capabilities", lambda flags=flags: {"cpu_name": "AMD EPYC", **flags}
        )
        names.add(processor_name())
    assert len(names) == 2


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "file").touch()
    model = Clocked(0.03, 0.01)
    assert _trial(model, tmp_path / "file").speed(BF16, model, IMAGES) == pytest.approx(3.0, abs=1e-3)


def test_a_format_that_fails_is_not_fast_and_is_not_remembered(tmp_path):
    class Failing(Clocked):
        def enhance(self, images, controls, *, observation=None, reference=None):
            raise RuntimeError("not implemented")

    model = Failing(1.0, 1.0)
    assert _trial(model, tmp_path).speed(BF16, model, IMAGES) == 0
    assert not (tmp_path / "speed.json").exists()
