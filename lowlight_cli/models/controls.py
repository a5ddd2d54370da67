"""Controls that a user sets for each call; torch-free, so that the command line can show them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lowlight_cli import defaults

Weight = Annotated[float, Field(ge=0.0, le=2.0)]


class Controls(BaseModel):
    """Strength of each part of the enhancement; 1 is what the model was trained for, 0 leaves the part out.

    Temperature is different: it is the standard deviation of the noise that the result is sampled with.

    Source: CodeEnhance, eq. 6 (omega 1, omega 2); docs/models/codeenhance.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    contrast: Weight = defaults.CONTROL
    brightness: Weight = defaults.CONTROL
    texture: Weight = defaults.CONTROL
    temperature: Annotated[float, Field(ge=0.0, le=1.0)] = defaults.TEMPERATURE

    def recorded(self) -> dict[str, float]:
        """Strengths as records keep them: temperature only if it is not 0, since few models have it."""
        return {name: value for name, value in self.model_dump().items() if name != "temperature" or value}
