"""Event files hold what the journal holds; without the library the extra is named."""

import json
import sys

import pytest
import torch

from lowlight_cli.errors import UnavailableError
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.metrics_log import Board
from lowlight_cli.training.recipes.vqgan import VqganRecipe
from lowlight_cli.training.run_folder import RunFolder


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_numbers_and_samples_are_in_the_event_files(tmp_path):
    accumulation = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = RunFolder(tmp_path, VqganRecipe(run=RunSettings(tensorboard=True, journal_every=1)))
    folder.resume(torch.device("cpu"), {})
    folder.report(0, loss=0.5)
    folder.samples(1, torch.zeros(2, 3, 16, 16))
    folder.record_validation(0, {"psnr": 21.0}, by="psnr")
    folder.save(1, {}, torch.nn.Linear(1, 1))
    events = accumulation.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("psnr")] == [(1, 21.0)]
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    written = {name for line in lines for name in json.loads(line)}
    assert set(events.Tags()["scalars"]) == written - {"step"}
    assert [event.step for event in events.Images("samples")] == [1]


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UnavailableError, match=r"lowlight-cli\[tensorboard\]") as caught:
        Board(tmp_path)
    assert caught.value.exit_code == 7
