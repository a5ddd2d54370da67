"""Lists the protocols: named sets of the choices that published scores differ in; torch-free."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lowlight_cli.catalog import Catalog


class Space(StrEnum):
    """Which values of an image are compared."""

    RGB = "RGB"
    LUMA = "luma"
    """0.299 R + 0.587 G + 0.114 B, full range: the Y of YIQ."""
    STUDIO = "studio luma"
    """The same, scaled to 16...235 of 255: the Y of MATLAB's rgb2ycbcr."""


@dataclass(frozen=True, slots=True)
class View:
    """What a metric compares of an image; no border is cut off.

    Attributes:
        space: Color space.
        rounds_pixels: Whether R, G and B are rounded to 8 bits first, as in a file.
        rounds_plane: Whether the computed luma is rounded to 8 bits.
    """

    space: Space = Space.RGB
    rounds_pixels: bool = True
    rounds_plane: bool = False

    def __str__(self) -> str:
        """A description for reports."""
        rounded = [
            word for word, on in (("pixels", self.rounds_pixels), ("luma", self.rounds_plane)) if on
        ] or ["nothing"]
        return f"{self.space}, {' and '.join(rounded)} rounded to 8 bits"

    @property
    def brief(self) -> str:
        """A description in few words: ``RGB, 8 bit``."""
        return f"{self.space}, {'8 bit' if self.rounds_pixels or self.rounds_plane else 'not rounded'}"


EIGHT_BIT_RGB = View()
"""RGB as in an 8-bit file."""


@dataclass(frozen=True, slots=True)
class GrayMean:
    """How the brightness of an image is aligned with its reference ("GT-mean").

    The image is multiplied by mean gray of the reference / mean gray of the image, and clipped to [0, 1].

    Attributes:
        weights: Weights of R, G and B in the gray.
        rounds_pixels: Whether both are rounded to 8 bits first.
    """

    weights: tuple[float, float, float] = (0.299, 0.587, 0.114)
    rounds_pixels: bool = True

    def __str__(self) -> str:
        """A description for reports."""
        gray = " + ".join(f"{weight:g} {name}" for weight, name in zip(self.weights, "RGB", strict=True))
        return f"gray {gray}, pixels {'rounded to 8 bits' if self.rounds_pixels else 'not rounded'} before"


@dataclass(frozen=True, slots=True)
class Protocol:
    """How each metric is computed.

    Attributes:
        name: Name in options and reports.
        description: Paragraph for reports: what is computed, and why.
        source: Where the choices come from.
        psnr: What PSNR compares.
        ssim: What SSIM compares.
        psnr_y: What PSNR of the luma compares.
        ssim_y: What SSIM of the luma compares.
        mae: What the mean absolute error compares.
        error_floor: Added to the mean squared error, so that equal images get a finite PSNR.
        clips_structure: Whether negative contrast-structure terms of SSIM are set to zero.
        rounds_pixels: Whether the other metrics compare pixels rounded to 8 bits.
        chromatic_fsim: Whether ``fsim`` means FSIMc.
        gray_mean: How ``--gt-mean`` aligns brightness.
    """

    name: str
    description: str
    source: str
    psnr: View = EIGHT_BIT_RGB
    ssim: View = EIGHT_BIT_RGB
    psnr_y: View = View(Space.STUDIO)
    ssim_y: View = View(Space.STUDIO)
    mae: View = EIGHT_BIT_RGB
    error_floor: float = 0.0
    clips_structure: bool = False
    rounds_pixels: bool = True
    chromatic_fsim: bool = False
    gray_mean: GrayMean = GrayMean()

    def view_of(self, metric: str) -> View:
        """What a metric compares.

        Args:
            metric: Name in ``METRICS``.
        """
        pixels = View(rounds_pixels=self.rounds_pixels)
        luma = replace(pixels, space=Space.LUMA)
        views = {
            "psnr": self.psnr,
            "ssim": self.ssim,
            "psnr_y": self.psnr_y,
            "ssim_y": self.ssim_y,
            "ssim_rgb": EIGHT_BIT_RGB,
            "mae": self.mae,
            "ms_ssim": luma,
            "fsim": pixels if self.chromatic_fsim else luma,
        }
        return views.get(metric, pixels)

    def settings(self) -> dict[str, str]:
        """Description of each choice, for reports."""
        others = "RGB, pixels rounded to 8 bits" if self.rounds_pixels else "RGB, nothing rounded"
        floor = f"; {self.error_floor:g} added to the squared error" if self.error_floor else ""
        clipped = "; negative structure set to zero" if self.clips_structure else ""
        return {
            "psnr": f"{self.psnr}{floor}",
            "ssim": f"{self.ssim}{clipped}; Gaussian window 11x11, sigma 1.5, whole windows only",
            "psnr_y": f"{self.psnr_y}{floor}",
            "ssim_y": f"{self.ssim_y}{clipped}",
            "mae": str(self.mae),
            "fsim": f"{others}; {'FSIMc' if self.chromatic_fsim else 'luma only'}",
            "others": others,
            "gt_mean": str(self.gray_mean),
        }


_STUDIO_ROUNDED = View(Space.STUDIO, rounds_plane=True)

_LLE = Protocol(
    "lle",
    "PSNR, SSIM and MAE of RGB rounded to 8 bits, as in a file: PSNR from one squared error over all "
    "channels, SSIM as the mean over channels. No border is cut off and brightness is not aligned. LPIPS "
    "is version 0.1 with AlexNet. The luma columns use the studio luma of BT.601. FSIM is that of the "
    "luma.",
    "what most low-light papers that state a protocol use; Wang et al. 2004 for SSIM",
)

_PYIQA = Protocol(
    "pyiqa",
    "What pyiqa 0.1 computes by default: PSNR of RGB without rounding, with 1e-8 added to the squared "
    "error, so that equal images get 80 dB; SSIM of the luma (Y of YIQ) rounded to 8 bits, with negative "
    "structure set to zero; FSIM is FSIMc. Its `ssimc` is the column SSIM-RGB.",
    "measured on pyiqa 0.1.16",
    psnr=View(rounds_pixels=False),
    ssim=View(Space.LUMA, rounds_pixels=False, rounds_plane=True),
    psnr_y=View(Space.LUMA, rounds_pixels=False),
    ssim_y=View(Space.LUMA, rounds_pixels=False, rounds_plane=True),
    mae=View(rounds_pixels=False),
    error_floor=1e-8,
    clips_structure=True,
    rounds_pixels=False,
    chromatic_fsim=True,
)

PROTOCOLS: Catalog[Protocol] = Catalog(
    "protocol",
    {
        protocol.name: protocol
        for protocol in (
            _LLE,
            _PYIQA,
            Protocol(
                "y",
                "PSNR and SSIM of the studio luma of BT.601 (16 to 235), computed from 8-bit pixels and "
                "not rounded again, as papers on super-resolution do. This PSNR is about 1.3 dB above that "
                "of the full-range luma. No border is cut off. Everything else is as in lle.",
                "the convention of BasicSR and of MATLAB's rgb2ycbcr",
                psnr=View(Space.STUDIO),
                ssim=View(Space.STUDIO),
            ),
            replace(
                _LLE,
                name="codeenhance",
                description="The authors validate on 8-bit RGB without cutting off a border or aligning "
                "brightness: PSNR and SSIM are those of lle. Their table does not name the "
                "backbone of LPIPS; its values match AlexNet (column LPIPS), but their script "
                "uses VGG (column LPIPS-VGG). MAE is the mean over RGB in [0, 1]; they publish "
                "no code for it.",
                source="CodeEnhance, validation code and Table I",
            ),
            Protocol(
                "glare",
                "PSNR of RGB in floating point, SSIM per channel of 8-bit pixels, LPIPS with AlexNet on "
                "8-bit pixels. The paper aligns the brightness of each image with its reference first, so "
                "its tables correspond to the starred columns of --gt-mean. The gray of that alignment "
                "swaps the weights of R and B (0.114 R + 0.587 G + 0.299 B); this protocol does the same.",
                "GLARE, test scripts",
                psnr=View(rounds_pixels=False),
                mae=View(rounds_pixels=False),
                gray_mean=GrayMean((0.114, 0.587, 0.299), rounds_pixels=False),
            ),
            replace(
                _PYIQA,
                name="vqcnir",
                description="The authors save 8-bit PNGs and score the files with pyiqa: PSNR of RGB, SSIM "
                "of the luma (column SSIM) and of RGB (column SSIM-RGB, pyiqa's `ssimc`), "
                "LPIPS with AlexNet, NIQE, and MUSIQ and NRQM on real photos. The paper does "
                "not say which SSIM it reports, and its LPIPS of an older method is that of "
                "VGG (column LPIPS-VGG).",
                source="VQCNIR, test script; pyiqa 0.1.16",
                psnr=EIGHT_BIT_RGB,
                ssim=View(Space.LUMA, rounds_plane=True),
                psnr_y=View(Space.LUMA),
                ssim_y=View(Space.LUMA, rounds_plane=True),
                mae=EIGHT_BIT_RGB,
                rounds_pixels=True,
            ),
            replace(
                _LLE,
                name="drgn",
                description="The paper does not state the color space of PSNR and SSIM. The main columns "
                "use RGB; the luma columns follow the author's other scripts in MATLAB: "
                "rgb2ycbcr of 8-bit pixels, rounded again. FSIM is that of the luma. SSEQ "
                "needs a regression that is not published and is not computed. Compare the "
                "scores of the dark input with the table (LOL1000: 12.86 dB, 0.610, 0.787) to "
                "see which columns the paper means.",
                source="DRGN, section on experiments; the author's other evaluation scripts",
                psnr_y=_STUDIO_ROUNDED,
                ssim_y=_STUDIO_ROUNDED,
            ),
        )
    },
)
"""Every protocol; the first is the default."""
