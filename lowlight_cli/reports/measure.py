"""Original and result -> numbers that tell whether the result needs a look."""

from dataclasses import dataclass

from lowlight_cli.reports.light import Light, cast_shift, measure_light
from lowlight_cli.reports.noise import noise_level
from lowlight_cli.reports.seams import seam_score
from lowlight_cli.reports.view import View

_DARKEST = 1 / 255


@dataclass(frozen=True, slots=True)
class Measures:
    """Two pictures compared.

    Attributes:
        before: Light in the original.
        after: Light in the result.
        noise_before: Standard deviation of the noise in the original, as a share of the range.
        noise_after: The same of the result.
        cast: Shift of the colour of the light, as delta E at equal lightness.
        seams: How much a lattice of straight steps stands out; 1 where none does.
    """

    before: Light
    after: Light
    noise_before: float
    noise_after: float
    cast: float
    seams: float

    @property
    def gain(self) -> float:
        """How many times as bright the result is."""
        return max(self.after.luma, _DARKEST) / max(self.before.luma, _DARKEST)

    @property
    def noise(self) -> float:
        """How many times as noisy the result is."""
        return self.noise_after / self.noise_before

    @property
    def noise_share(self) -> float:
        """How many times as noisy the result is, in proportion to its brightness: 1 for a mere gain."""
        return self.noise / self.gain


def measure(before: View, after: View) -> Measures:
    """Compares an original with its result."""
    first, second = measure_light(before), measure_light(after)
    return Measures(
        before=first,
        after=second,
        noise_before=noise_level(before),
        noise_after=noise_level(after),
        cast=cast_shift(first, second),
        seams=seam_score(before.luma, after.luma),
    )
