"""What the batch engine asks of a model that enhances pictures."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from lowlight_cli.errors import UsageError
from lowlight_cli.models.controls import Controls
from lowlight_cli.tensors import Images

Observation = dict[str, Tensor]
"""Facts of whole pictures (exposure, channel statistics, ...), each with the batch first.

Where tiles are enhanced, ``place`` stands beside them: top, left, height and width of each tile in shares of
the whole picture, (b, 4).
"""

PLACE = "place"


class Enhancer(nn.Module, ABC):
    """Dark pictures in, bright pictures of the same size out.

    Attributes:
        size_multiple: Height and width of the input must be multiples of it; the caller pads and crops.
        supported_controls: Names of the fields of ``Controls`` that have an effect.
        takes_reference: Whether a reference image changes the result.
        shown_names: Names of parts for users, where they differ from those in weights files.
    """

    size_multiple: int = 1
    supported_controls: frozenset[str] = frozenset()
    takes_reference: bool = False
    shown_names: ClassVar[Mapping[str, str]] = {}

    def parts(self) -> dict[str, nn.Module]:
        """Parts of the model by the names shown to users; they do not overlap and cover every parameter."""
        return {self.shown_names.get(name, name): part for name, part in self.named_children()}

    def showing(self, view: str) -> "Enhancer":
        """The same model with an inner picture as its result, for those who want to look inside.

        Args:
            view: One of the views that the catalog names.

        Raises:
            UsageError: The model has no such picture.
        """
        raise UsageError(f"this model has no inner picture '{view}'")

    @abstractmethod
    def observe(self, images: Images, controls: Controls, *, reference: Images | None = None) -> Observation:
        """Measures what the model needs to know of the whole pictures.

        The engine calls it on a scaled-down copy of a large photo, and passes the answer to ``enhance`` with
        every tile, so that all tiles are treated alike.

        Args:
            images: Whole dark pictures, sRGB in [0, 1]; sides are multiples of ``size_multiple``.
            controls: Strength of each part, as it will be given to ``enhance``.
            reference: One well-lit picture of any size (batch of 1), sRGB in [0, 1], whose look is asked for.
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
        """Enhances pictures, or tiles of pictures.

        Args:
            images: sRGB in [0, 1]; sides are multiples of ``size_multiple``.
            controls: Strength of each part.
            observation: Facts of the whole pictures, and the ``place`` of each tile; without them ``images``
                are taken for whole pictures.
            reference: As in ``observe``; not needed where ``observation`` is given.

        Returns:
            sRGB in [0, 1], finite, same shape and dtype.
        """
