"""A model that leaves pictures as they are, so that everything around a model can be tested without one."""

from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.tensors import Images


class Identity(Enhancer):
    """Gives its input back."""

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Nothing needs to be known of the whole picture."""
        return {}

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """The pictures, unchanged."""
        return images
