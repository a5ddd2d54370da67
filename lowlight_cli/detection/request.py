"""What one preparation of a dataset is asked to do."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lowlight_cli.detection.choices import ExportFormat, Link, SourceFormat, SpaceChoice, Variant
from lowlight_cli.detection.collection import BoxSpace
from lowlight_cli.detection.splits import KEEP
from lowlight_cli.detection.variants import Roots, roots_of
from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.choices import DarkeningMethod, OnExist
from lowlight_cli.pipeline.request import EnhanceRequest


class PrepareRequest(BaseModel):
    """A labelled dataset to convert, and what happens to its images.

    Attributes:
        source: Folder of the labelled dataset.
        out: Folder of the result.
        source_format: Format of the source; None detects it.
        target_format: Format of the result.
        variant: Which images the result has.
        classes: File with the class names, one per line; None takes those of the source.
        split: ``keep``, ``official``, or shares of train, val and test such as ``8:1:1``.
        link: How originals are placed.
        portable: Whether ``data.yaml`` has ``path: .`` instead of the full path.
        box_space: The pixels that boxes refer to if EXIF rotates an image.
        voc_inclusive: Whether VOC boxes count pixels from 1 and include the last one.
        labels_only: Whether labels are converted without images, by the sizes that they state.
        keep_unlabelled: Whether images without annotation count as images without objects.
        limit: Most images of each split; None takes all.
        strict: Whether an invalid annotation ends the preparation before any work.
        darken: Whether images are darkened instead of enhanced.
        darken_by: How they are darkened.
        darken_strength: Lowest and highest strength of darkening, from 0 to 2.
        enhance: How images are enhanced, and what happens to existing files; its inputs are not used. Its
            seed is also that of the split and of darkening, and its weights are also those for darkening.

    Raises:
        UsageError: Two options contradict each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Path
    out: Path
    source_format: SourceFormat | None = None
    target_format: ExportFormat = ExportFormat.YOLO
    variant: Variant = Variant.ENHANCED
    classes: Path | None = None
    split: str = KEEP
    link: Link = Link.COPY
    portable: bool = False
    box_space: SpaceChoice = SpaceChoice.AUTO
    voc_inclusive: bool = False
    labels_only: bool = False
    keep_unlabelled: bool = False
    limit: int | None = Field(default=None, ge=1)
    strict: bool = False
    darken: bool = False
    darken_by: DarkeningMethod = DarkeningMethod.PHYSICAL
    darken_strength: tuple[float, float] = (1.0, 1.0)
    enhance: EnhanceRequest = EnhanceRequest()

    @model_validator(mode="after")
    def _check(self) -> "PrepareRequest":
        if self.labels_only and (self.darken or self.variant is not Variant.ENHANCED):
            raise UsageError("--labels-only writes no images; leave out --variant and --darken")
        if self.darken and self.variant is Variant.ORIGINAL:
            raise UsageError("--darken has no effect with --variant original; use --variant both")
        if self.on_exist is OnExist.RENAME:
            raise UsageError("--on-exist rename would part images from their labels; choose another one")
        return self

    @property
    def on_exist(self) -> OnExist:
        """What happens to files that exist already."""
        return self.enhance.output.on_exist

    @property
    def seed(self) -> int:
        """Random seed of the split, of darkening and of random models."""
        return self.enhance.settings.seed

    @property
    def roots(self) -> Roots:
        """Top folders of the result."""
        variant = Variant.ORIGINAL if self.labels_only else self.variant
        return roots_of(self.out, variant, darkened=self.darken)

    @property
    def space(self) -> BoxSpace | None:
        """The pixels that boxes refer to; None takes the rule of the source's format."""
        return None if self.box_space is SpaceChoice.AUTO else BoxSpace(self.box_space.value)
