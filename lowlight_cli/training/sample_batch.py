"""Pictures that a run shows again and again while it trains."""

from collections.abc import Sequence

from lowlight_cli.training.draws import draws
from lowlight_cli.training.enhancement_batch import EnhancementBatch, Mix, enhancement_batch
from lowlight_cli.training.material import Sources
from lowlight_cli.training.pairs import PairedPhoto

SAMPLE_SEED = 1
MOST_SAMPLES = 8


def sample_batch(sources: Sources, held_out: Sequence[PairedPhoto], side: int) -> EnhancementBatch:
    """Crops of held-out pairs, or where there are none of what is trained on; no control is turned.

    Args:
        sources: What is trained on.
        held_out: Pairs that are not.
        side: Of a crop, in pixels.
    """
    if held_out:
        sources = sources._replace(photos=[], pairs=held_out)
    mix = Mix(MOST_SAMPLES, side, real=0.5, turned=0.0, referenced=0.0)
    return enhancement_batch(sources, mix, draws(SAMPLE_SEED, 0, range(MOST_SAMPLES)))
