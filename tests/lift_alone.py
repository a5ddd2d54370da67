"""A model that lifts pictures and has no network, for tests of how it is told of whole pictures."""

from lowlight_cli.models.interface import Enhancer
from lowlight_cli.models.lifting import lifted
from lowlight_cli.models.vqcnir.config import PRESETS


class LiftAlone(Enhancer):
    """The local lift."""

    size_multiple = 16

    def observe(self, images, controls, *, reference=None):
        known = {}
        lifted(images, PRESETS["lite"], known)
        return known

    def enhance(self, images, controls, *, observation=None, reference=None):
        return lifted(images, PRESETS["lite"], dict(observation or {})).images.clamp(0, 1)
