"""A model that returns images unchanged, to test everything around a model."""

from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.models.no_settings import NoSettings
from lowlight_cli.tensors import Images


class Identity(Enhancer):
    """Returns its input."""

    is_recordable = True

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """No facts: the model needs none."""
        return {}

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """The images, unchanged."""
        return images


def build_identity(_settings: NoSettings) -> Identity:
    """The model, in the form in which the catalog builds models."""
    return Identity()
