"""A shipped file that was changed is noticed."""

import pytest
from torch import nn

from lowlight_cli.checkpoints.load import sha256_of, whole_weights
from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.errors import WeightsError
from lowlight_cli.models.entry import WeightsEntry


def test_one_changed_byte_is_noticed(monkeypatch, tmp_path):
    monkeypatch.setenv("LLE_MODEL_DIR", str(tmp_path))
    path = save_weights(tmp_path / "a.safetensors", nn.Linear(2, 2), {})
    entry = WeightsEntry("a.safetensors", "none", sha256=sha256_of(path), shipped=False)
    assert whole_weights(entry) == path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(WeightsError, match="damaged"):
        whole_weights(entry)
