"""Settings of a model without settings; torch-free."""

from pydantic import BaseModel, ConfigDict


class NoSettings(BaseModel):
    """Nothing to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


PRESETS = {"lite": NoSettings()}
