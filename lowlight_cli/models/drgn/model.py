"""DRGN: estimates what darkness added to an image, subtracts it, and refines the rest.

Source: Jiang et al., "Degrade is Upgrade: Learning Degradation for Low-Light Image Enhancement", 2022
(arXiv 2103.10621), eq. 1-9. Differences from the paper: docs/models/drgn.md.
"""

from typing import NamedTuple

from lowlight_cli.layers.local_lift import kept_where_lit
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.drgn.channel_attention import ChannelWeights
from lowlight_cli.models.drgn.config import DrgnConfig, SingleBranchConfig
from lowlight_cli.models.drgn.multi_resolution_fusion import MultiResolutionFusion
from lowlight_cli.models.drgn.single_branch import SingleBranch
from lowlight_cli.models.interface import FRAME, Enhancer, Observation
from lowlight_cli.models.lifting import lifted, log_gain_of_pixels
from lowlight_cli.tensors import Images

VIEWS = ("degradation", "base")


class Separated(NamedTuple):
    """Two parts of a dark image in the generators' numbers; their sum is the (lifted) image."""

    degradation: Images
    rest: Images


class Refined(NamedTuple):
    """Enhanced images in [0, 1], not clamped; the parts before refinement; facts of the whole images."""

    images: Images
    separated: Separated
    observation: Observation


def generator(config: DrgnConfig) -> MultiResolutionFusion | SingleBranch:
    """A network of the shape both generators have, with random weights."""
    shape = config.generator
    return SingleBranch(shape) if isinstance(shape, SingleBranchConfig) else MultiResolutionFusion(shape)


class Drgn(Enhancer):
    """Degradation generator (DeG) and refinement generator (ReG), of one shape, without shared weights.

    Args:
        config: Shape of the network.
    """

    is_recordable = True
    frame = FRAME

    def __init__(self, config: DrgnConfig) -> None:
        super().__init__()
        self.config = config
        self.degradation = generator(config)
        self.refinement = generator(config)
        self.size_multiple = self.refinement.size_multiple

    def to_signal(self, images: Images) -> Images:
        """Images in [0, 1] in the generators' numbers."""
        return images * 2 - 1 if self.config.value_range == "signed" else images

    def to_images(self, signal: Images) -> Images:
        """The inverse of ``to_signal``."""
        return (signal + 1) / 2 if self.config.value_range == "signed" else signal

    def separate(
        self, images: Images, known: Observation, weights: ChannelWeights | None = None
    ) -> Separated:
        """Estimates the degradation of dark images and subtracts it.

        Args:
            images: sRGB in [0, 1], sides multiples of ``size_multiple``.
            known: Facts of the whole images; missing ones are measured and added.
            weights: Channel weights of the whole images; None measures them.
        """
        degradation = self.degradation(self.to_signal(images), weights or ChannelWeights())
        exposed = lifted(images, self.config, known)
        bright = images if exposed is None else exposed.images
        return Separated(degradation, self.to_signal(bright) - degradation)

    def refine(self, rest: Images, weights: ChannelWeights | None = None) -> Images:
        """The refined rest, in the generators' numbers, not clamped.

        Args:
            rest: From ``separate``, not clamped.
            weights: Channel weights of the whole images; None measures them.
        """
        made = self.refinement(rest, weights or ChannelWeights())
        return made if self.config.refinement == "direct" else rest + made

    def forward(self, images: Images, observation: Observation | None = None) -> Refined:
        """The whole network: ``ReG(x - DeG(x))``.

        Args:
            images: Dark images, sRGB in [0, 1], sides multiples of ``size_multiple``.
            observation: Known facts of the whole images; missing ones are measured on ``images``.
        """
        known = dict(observation or {})
        taken = ChannelWeights(known.get("degradation"))
        separated = self.separate(images, known, taken)
        kept = ChannelWeights(known.get("refinement"))
        made = self.to_images(self.refine(separated.rest, kept))
        if self.config.lift_target is not None and self.config.lift == "local":
            bright = self.to_images(separated.degradation + separated.rest)
            made = kept_where_lit(bright, made, bright, log_gain_of_pixels(images, known))
        known |= {"degradation": taken.taken, "refinement": kept.taken}
        return Refined(made, separated, known)

    def showing(self, view: str) -> Enhancer:
        """The model with ``degradation`` or ``base`` as its result."""
        return DrgnView(self, view) if view in VIEWS else super().showing(view)

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Exposure and channel weights of whole images."""
        return self(images).observation

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """Enhances images, or tiles if ``observation`` holds the facts of the whole images."""
        refined: Refined = self(images, observation)
        return refined.images.clamp(0, 1).to(images.dtype)


class DrgnView(Enhancer):
    """Returns an intermediate image in place of the enhanced one.

    A degradation is shown as in the paper's figure: middle gray is none, and darker is missing light.

    Args:
        model: The model; its weights are shared.
        name: ``degradation``, or ``base`` for the image without its degradation.
    """

    is_recordable = True

    def __init__(self, model: Drgn, name: str) -> None:
        super().__init__()
        self.model = model
        self.name = name
        self.size_multiple, self.frame = model.size_multiple, model.frame

    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Exposure and channel weights of whole images."""
        return self._seen(images, None)[1]

    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """The intermediate image, in [0, 1]."""
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
