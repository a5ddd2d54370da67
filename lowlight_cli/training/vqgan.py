"""Begins quantization and the discriminator of stage I, and starts and restarts its codes."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import torch

from lowlight_cli.counted import counted
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.tensors import Features
from lowlight_cli.training.codes import CodeCounts, kmeans_init, restart_dead_codes
from lowlight_cli.training.config import RunSettings
from lowlight_cli.training.photos import Photo, random_crops
from lowlight_cli.training.rng import item_rng, item_rngs
from lowlight_cli.training.run_state import RunState

Phase = Literal["codes", "critic"]

CODES: Phase = "codes"
CRITIC: Phase = "critic"

RESTART_UNTIL = 0.7
"""Share of the schedule after which unused codes are no longer restarted."""


class Beginning(NamedTuple):
    """Default begin of a phase: after ``steps`` steps, or earlier after a share of the schedule."""

    steps: int
    share: float


BEGINNINGS: Mapping[Phase, Beginning] = MappingProxyType(
    {CODES: Beginning(1000, 1 / 4), CRITIC: Beginning(2000, 1 / 2)}
)


class Phases:
    """Which phases have begun; can be saved like a model, together with the counts of codes.

    A phase that has begun goes on, also if a resumed run gets another length.

    Args:
        counts: Uses of the codes.
        run_state: Gives the length of the schedule, and the seed.
        codes_from: First step with quantization; None for that of ``BEGINNINGS``.
        critic_from: First step of the discriminator; None for that of ``BEGINNINGS``.

    Attributes:
        last_start: Step at which the last phase began; -1 if none began since the start of the program.
    """

    def __init__(
        self, counts: CodeCounts, run_state: RunState, codes_from: int | None, critic_from: int | None
    ) -> None:
        self._counts = counts
        self._run_state = run_state
        self._given: dict[Phase, int | None] = {CODES: codes_from, CRITIC: critic_from}
        self._begun: set[Phase] | None = set()
        self.last_start = -1

    def begin(self, step: int, model: Vqgan, photos: Sequence[Photo]) -> tuple[bool, bool]:
        """Begins the phases that are due; quantization begins with codes made from latents of random crops.

        Args:
            step: Counted from 0.
            model: Network of stage I; its codes change.
            photos: What it is trained on.

        Returns:
            Whether this step quantizes, and whether it trains the discriminator.
        """
        before = self._known(step)
        new = {phase for phase in self._given if step >= self._start(phase, step)} - before
        self._begun = before | new
        if new:
            self.last_start = step
        if CODES in new:
            start_codes(model, photos, self._run_state.settings, step)
        return CODES in self._begun, CRITIC in self._begun

    def restart_unused(self, model: Vqgan, latent: Features, step: int) -> None:
        """Moves unused codes onto latents, unless it is too late in the schedule to train them.

        Args:
            model: Network of stage I; its codes change.
            latent: Latents of this step, (n, channels, h, w).
            step: Counted from 0.
        """
        if CODES in self._known(step) and step < self._run_state.length(step) * RESTART_UNTIL:
            self._counts.restarted += restart_dead_codes(
                model.codebook, self._counts.values, latent, item_rng(self._run_state.settings.seed, step)
            )

    def warn_at_start(self, log: Callable[[str], None]) -> None:
        """Logs a warning if the settings leave no step for the codes."""
        given, steps = self._given[CODES], self._run_state.settings.steps
        if given is not None and given >= steps:
            log(f"warning  codes_from={given}, but the run has {counted(steps, 'step')}: it trains no codes")

    def warn_at_end(self, step: int, log: Callable[[str], None]) -> None:
        """Logs a warning if quantization did not begin up to ``step``, the last one."""
        if self._run_state.ending not in ("cut", "dry run") and CODES not in self._known(step):
            log(
                f"warning  the run ended after {counted(step + 1, 'step')}, before quantization began: its "
                "codes are random, and stage II cannot use these weights"
            )

    def _start(self, phase: Phase, step: int) -> int:
        """First step of a phase, as far as it is known at ``step``."""
        given, beginning = self._given[phase], BEGINNINGS[phase]
        if given is not None:
            return given
        return min(beginning.steps, int(beginning.share * self._run_state.length(step)))

    def _known(self, step: int) -> set[Phase]:
        """Phases that have begun; for a checkpoint without them, those that begun by the rule of its time."""
        if self._begun is not None:
            return self._begun
        starts = {
            phase: BEGINNINGS[phase].steps if start is None else start for phase, start in self._given.items()
        }
        return {phase for phase, start in starts.items() if start < step}

    def state_dict(self) -> dict[str, Any]:
        """The counts of codes, and the phases that have begun."""
        state = self._counts.state_dict()
        return state if self._begun is None else state | {"begun": sorted(self._begun)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores a saved state."""
        self._counts.load_state_dict(state)
        # Older checkpoints lack it.
        self._begun = set(state["begun"]) if "begun" in state else None


def start_codes(model: Vqgan, photos: Sequence[Photo], settings: RunSettings, step: int) -> None:
    """Initializes the codes from latents of random crops.

    Args:
        model: Network of stage I; its codes change.
        photos: What it is trained on.
        settings: Seed, batch size and crop.
        step: First step that uses the codes, counted from 0.
    """
    drawn = item_rngs(settings.seed, step, range(4 * settings.batch_size))
    images = random_crops(photos, drawn.items, settings.crop).images
    with torch.no_grad():
        kmeans_init(model.codebook, model.encode(images.to(model.codebook.weight.device)), drawn.shared)
