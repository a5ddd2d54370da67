"""What DRGN sees on its way, as pictures: the degradation, and the base that is refined."""

from lowlight_cli.models.controls import Controls
from lowlight_cli.models.drgn.channel_attention import ChannelWeights
from lowlight_cli.models.drgn.model import Drgn
from lowlight_cli.models.interface import Enhancer, Observation
from lowlight_cli.tensors import Images

VIEWS = ("degradation", "base")


class DrgnView(Enhancer):
    """Gives an inner picture in place of the enhanced one.

    A degradation is shown as in the paper's figure: middle gray is none, darker is light that is missing.

    Args:
        model: Whose inner pictures are wanted; its weights are shared.
        name: ``degradation``, or ``base`` for what is left without it.
    """

    def __init__(self, model: Drgn, name: str) -> None:
        super().__init__()
        self.model = model
        self.name = name
        self.size_multiple = model.size_multiple

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Exposure and channel weights of whole pictures."""
        return self._seen(images, None)[1]

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """The inner picture, in [0, 1]."""
        return self._seen(images, observation)[0].clamp(0, 1).to(images.dtype)

    def _seen(self, images: Images, observation: Observation | None) -> tuple[Images, Observation]:
        known = dict(observation or {})
        weights = ChannelWeights(known.get("degradation"))
        separated = self.model.separate(images, known, weights)
        known["degradation"] = weights.taken
        if self.name == "base":
            return self.model.to_images(separated.rest), known
        span = 2 if self.model.config.value_range == "signed" else 1
        return separated.degradation / span + 0.5, known
