"""What batches are drawn from: photos that are to be darkened, and real pairs, both in memory."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lowlight_cli.datasets.config import BlurSettings, DarkeningSettings
from lowlight_cli.training.config import Recipe
from lowlight_cli.training.pairs import PairedPhoto, load_pairs
from lowlight_cli.training.photos import Photo, load_photos, overfit_subset


class Sources(NamedTuple):
    """Where batches come from, and how photos are darkened and, where it is said, blurred."""

    photos: Sequence[Photo]
    pairs: Sequence[PairedPhoto]
    darkening: DarkeningSettings
    blur: BlurSettings | None = None


def load_sources(
    recipe: Recipe,
    darkening: DarkeningSettings,
    *,
    log: Callable[[str], None] = lambda _: None,
    with_color_casts: bool = True,
) -> tuple[Sources, list[PairedPhoto]]:
    """Reads pictures to train on, and pairs to validate on.

    Args:
        recipe: Says where they are, and the side of a crop.
        darkening: How photos are darkened.
        log: Called with each message.
        with_color_casts: Whether to train on pairs whose reference has a color cast, too.

    Raises:
        UsageError: A folder is missing.
        WeightsError: Some cannot be used; each is named.
    """
    data, run = recipe.data, recipe.run
    photos = load_photos(data, smallest=run.crop, log=log) if data.photos else []
    train, held_out = load_pairs(data, smallest=run.crop, log=log)
    if not with_color_casts:
        train = [pair for pair in train if not pair.has_color_cast]
    photos, _ = overfit_subset(photos, [], run)
    train, held_out = overfit_subset(train, held_out, run)
    return Sources(photos, train, darkening), held_out
