"""Settings of a model that has none; torch-free."""

from pydantic import BaseModel, ConfigDict


class NoSettings(BaseModel):
    """Nothing to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")
