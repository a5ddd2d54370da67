"""Builds the darkener that ``datasets synthesize`` and ``detect-prep`` use."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lowlight_cli.errors import UsageError
from lowlight_cli.pipeline.choices import DarkeningMethod
from lowlight_cli.pipeline.sources import images_in

if TYPE_CHECKING:
    from lowlight_cli.datasets.darkeners import Darkener
    from lowlight_cli.images.picture import Pixels
    from lowlight_cli.models.drgn.model import Drgn


EVEN_EXCLUDES = {"clean_share", "uneven_share", "uneven"}
"""Settings without effect if all light is even."""


class Darkening(NamedTuple):
    """A darkener, and all settings that affect its images."""

    darkener: "Darkener"
    terms: dict[str, Any]


def make_darkening(
    method: DarkeningMethod,
    strength: tuple[float, float],
    seed: int,
    *,
    checkpoint: Path | None = None,
    nights: Path | None = None,
    uneven: float = 0.0,
) -> Darkening:
    """Builds a darkener.

    Args:
        method: How to darken.
        strength: Lowest and highest strength.
        seed: Random seed.
        checkpoint: Weights in place of the shipped ones.
        nights: Folder of real dark images to take the degradation from.
        uneven: Fraction of images under uneven light.

    Raises:
        UsageError: The method does not take weights, nights or uneven light, or the folder has no image.
        WeightsError: The weights are missing or damaged.
    """
    from lowlight_cli.datasets.config import DarkeningSettings
    from lowlight_cli.datasets.darkeners import physical_darkener

    settings = DarkeningSettings(uneven_share=uneven)
    terms: dict[str, Any] = {"method": method.value, "strength": list(strength), "seed": seed}
    # With even light the recorded settings equal those of version 0.1, so that its pairs are kept.
    terms["darkening"] = settings.model_dump(mode="json", exclude=None if uneven else EVEN_EXCLUDES)
    if method is DarkeningMethod.PHYSICAL:
        if checkpoint or nights:
            raise UsageError("--method physical takes no weights and no dark images; leave them out")
        return Darkening(physical_darkener(settings, strength, seed), terms)
    if uneven:
        raise UsageError(f"'{method.value}' has no uneven light; use --method physical")
    from lowlight_cli.datasets.darkeners import learned_darkener
    from lowlight_cli.pipeline.fingerprint import checkpoint_digest
    from lowlight_cli.pipeline.settings import EnhanceSettings

    dark = images_in(nights) if nights else []
    model = _load(method, checkpoint)
    terms["weights_sha256"] = checkpoint_digest(EnhanceSettings(model=method.value, checkpoint=checkpoint))
    terms["nights"] = [path.relative_to(nights).as_posix() for path in dark] if nights else []
    read = [partial(_pixels_of, path) for path in dark]
    return Darkening(learned_darkener(model, strength, seed, nights=read, settings=settings), terms)


def _load(method: DarkeningMethod, checkpoint: Path | None) -> "Drgn":
    from lowlight_cli.checkpoints.load import load_enhancer
    from lowlight_cli.models.drgn.model import Drgn

    model = load_enhancer(method.value, checkpoint=checkpoint)
    if not isinstance(model, Drgn):
        raise TypeError(f"'{method.value}' is not a DRGN model")
    return model


def _pixels_of(path: Path) -> "Pixels":
    from lowlight_cli.images.choices import FramesPolicy
    from lowlight_cli.images.decode import decode
    from lowlight_cli.images.settings import ReadSettings

    return decode(path, ReadSettings(frames=FramesPolicy.FIRST)).pixels
