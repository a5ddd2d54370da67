"""Settings of a model without settings; torch-free.

A file of its own, because presets are listed without importing torch.
"""

from pydantic import BaseModel, ConfigDict


class NoSettings(BaseModel):
    """Nothing to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


PRESETS = {"lite": NoSettings()}
