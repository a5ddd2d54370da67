"""Interface of models that enhance images, as the batch engine calls them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from lowlight_cli.errors import UsageError
from lowlight_cli.models.controls import Controls
from lowlight_cli.tensors import Images

Observation = dict[str, Tensor]
"""Facts of whole images (exposure, channel statistics, ...), each with the batch first.

For tiles it also has ``place``: top, left, height and width of each tile as fractions of the whole image,
(b, 4).
"""

PLACE = "place"

FRAME = 4
"""Frame of networks whose layers pad with zeros, which spoils mostly the outermost 1 to 3 pixels."""


class Enhancer(nn.Module, ABC):
    """Dark images in, bright images of the same size out.

    Attributes:
        size_multiple: Height and width of the input must be multiples of it; the caller pads and crops.
        frame: Pixels that the caller adds on each side by mirroring, and crops.
        tile_overlap: Pixels that its tiles share at least, if it looks far around each pixel.
        supported_controls: Names of the fields of ``Controls`` that have an effect.
        takes_reference: Whether a reference image changes the result.
        is_recordable: Whether a pass can be recorded as a CUDA graph: ``enhance`` draws no random numbers,
            never waits for the device, and keeps no tensor for its next call.
        shown_names: Names of parts for users, where they differ from those in weights files.
    """

    size_multiple: int = 1
    frame: int = 0
    tile_overlap: int = 0
    supported_controls: frozenset[str] = frozenset()
    takes_reference: bool = False
    is_recordable: bool = False
    shown_names: ClassVar[Mapping[str, str]] = {}

    def parts(self) -> dict[str, nn.Module]:
        """Parts of the model by the names shown to users; they do not overlap and cover every parameter."""
        return {self.shown_names.get(name, name): part for name, part in self.named_children()}

    def showing(self, view: str) -> "Enhancer":
        """The same model with an intermediate image as its result.

        Args:
            view: One of ``ModelEntry.views``.

        Raises:
            UsageError: The model has no such intermediate image.
        """
        raise UsageError(f"this model has no intermediate image '{view}'")

    @abstractmethod
    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Measures what ``enhance`` needs to know of whole images.

        The engine calls it on a scaled-down copy of a large image, and passes the result to ``enhance`` with
        every tile, so that all tiles are treated alike.

        Args:
            images: Whole dark images, sRGB in [0, 1]; sides are multiples of ``size_multiple``.
            controls: The same as for ``enhance``.
            reference: One well-lit image of any size (batch of 1), sRGB in [0, 1], whose style is wanted.
        """

    @abstractmethod
    def enhance(
        self,
        images: Images,
        controls: Controls,
        *,
        observation: Observation | None = None,
        reference: Images | None = None,
    ) -> Images:
        """Enhances images, or tiles of images.

        Args:
            images: sRGB in [0, 1]; sides are multiples of ``size_multiple``.
            controls: Strength of each part.
            observation: Facts of the whole images, and the ``place`` of each tile; None if ``images`` are
                whole images.
            reference: As in ``observe``; not needed with ``observation``.

        Returns:
            sRGB in [0, 1], finite, same shape and dtype.
        """
