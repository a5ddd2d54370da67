"""How scores are computed: every choice that published numbers silently differ in, by name; torch-free."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lowlight_cli.catalog import Catalog


class Space(StrEnum):
    """Which numbers of a picture are compared."""

    RGB = "RGB"
    LUMA = "luma"
    """0.299 R + 0.587 G + 0.114 B, in the whole range: the Y of YIQ."""
    STUDIO = "studio luma"
    """The same scaled to 16...235 of 255: the Y of MATLAB's rgb2ycbcr."""


@dataclass(frozen=True, slots=True)
class View:
    """What a metric gets to see of a picture; no border is ever cut off.

    Attributes:
        space: Color space.
        rounds_pixels: Whether R, G and B are rounded to 8 bits first, as if saved to a file.
        rounds_plane: Whether the luma is rounded to 8 bits after it was computed.
    """

    space: Space = Space.RGB
    rounds_pixels: bool = True
    rounds_plane: bool = False

    def __str__(self) -> str:
        """In words, for reports."""
        rounded = [
            word for word, on in (("pixels", self.rounds_pixels), ("luma", self.rounds_plane)) if on
        ] or ["nothing"]
        return f"{self.space}, {' and '.join(rounded)} rounded to 8 bits"


EIGHT_BIT_RGB = View()
"""What a file of 8 bits holds."""


@dataclass(frozen=True, slots=True)
class GrayMean:
    """How a picture is given the brightness of its reference before it is scored again ("GT-mean").

    It is multiplied by mean gray of the reference / mean gray of the picture, and clipped to [0, 1].

    Attributes:
        weights: Of R, G and B in the gray.
        rounds_pixels: Whether both are rounded to 8 bits before.
    """

    weights: tuple[float, float, float] = (0.299, 0.587, 0.114)
    rounds_pixels: bool = True

    def __str__(self) -> str:
        """In words, for reports."""
        gray = " + ".join(f"{weight:g} {name}" for weight, name in zip(self.weights, "RGB", strict=True))
        return f"gray {gray}, pixels {'rounded to 8 bits' if self.rounds_pixels else 'not rounded'} before"


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way to compute every metric.

    Attributes:
        name: What options and reports call it.
        description: A paragraph for reports: what is done, and what it is for.
        source: Where this was read.
        psnr: What PSNR sees.
        ssim: What SSIM sees.
        psnr_y: What the PSNR of the luma sees.
        ssim_y: What the SSIM of the luma sees.
        mae: What the mean absolute error sees.
        error_floor: Added to the mean squared error, so that equal pictures get a finite PSNR.
        clips_structure: Whether negative contrast-structure terms of SSIM count as zero.
        rounds_pixels: Whether the other metrics see pixels rounded to 8 bits.
        chromatic_fsim: Whether ``fsim`` means FSIMc.
        grey_mean: What ``--gt-mean`` does.
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
    grey_mean: GrayMean = GrayMean()

    def settings(self) -> dict[str, str]:
        """Every choice in words, for reports."""
        others = "RGB, pixels rounded to 8 bits" if self.rounds_pixels else "RGB, nothing rounded"
        floor = f"; {self.error_floor:g} added to the squared error" if self.error_floor else ""
        clipped = "; negative structure counts as zero" if self.clips_structure else ""
        return {
            "psnr": f"{self.psnr}{floor}",
            "ssim": f"{self.ssim}{clipped}; Gaussian window 11x11, sigma 1.5, whole windows only",
            "psnr_y": f"{self.psnr_y}{floor}",
            "ssim_y": f"{self.ssim_y}{clipped}",
            "mae": str(self.mae),
            "fsim": f"{others}; {'FSIMc' if self.chromatic_fsim else 'luma alone'}",
            "others": others,
            "gt_mean": str(self.grey_mean),
        }


_STUDIO_ROUNDED = View(Space.STUDIO, rounds_plane=True)

_LLE = Protocol(
    "lle",
    "PSNR, SSIM and MAE over R, G and B of pictures rounded to 8 bits, as their files hold them: one squared "
    "error over all channels, SSIM of each channel and then the mean. No border is cut off and brightness is "
    "not aligned. LPIPS has AlexNet, version 0.1. The luma columns take the studio luma of BT.601. FSIM is "
    "that of the luma.",
    "the choice of most low-light papers that state one; Wang et al. 2004 for SSIM",
)

_PYIQA = Protocol(
    "pyiqa",
    "What pyiqa 0.1 computes by default: PSNR over RGB of pictures that are not rounded, with 1e-8 added to "
    "the squared error, so that equal pictures get 80 dB; SSIM of the luma (Y of YIQ) rounded to 8 bits, "
    "negative structure counting as zero; FSIM is FSIMc. Its `ssimc` is the column SSIM-RGB.",
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
                "PSNR and SSIM of the studio luma of BT.601 (16 to 235), computed from 8-bit pixels and not "
                "rounded again, as restoration papers do for super-resolution. PSNR comes out about 1.3 dB "
                "above that of the full-range luma. No border is cut off. All else as in lle.",
                "the convention of BasicSR and of MATLAB's rgb2ycbcr",
                psnr=View(Space.STUDIO),
                ssim=View(Space.STUDIO),
            ),
            replace(
                _LLE,
                name="codeenhance",
                description="The authors validate on 8-bit RGB, no border cut off, no aligned brightness: "
                "PSNR and SSIM are those of lle. Their table does not name the backbone of LPIPS; its level "
                "is that of AlexNet (column LPIPS), but the script they ship takes VGG (column LPIPS-VGG). "
                "MAE is the mean over RGB in [0, 1]; there is no code for it.",
                source="CodeEnhance, validation code and Table I",
            ),
            Protocol(
                "glare",
                "PSNR over RGB in floating point, SSIM per channel of 8-bit pixels, LPIPS with AlexNet on "
                "8-bit pixels. The paper scores pictures whose brightness was aligned with the reference "
                "first, so its tables are the starred columns of --gt-mean. The gray of that alignment has "
                "the weights of R and B swapped (0.114 R + 0.587 G + 0.299 B), which is kept here.",
                "GLARE, test scripts",
                psnr=View(rounds_pixels=False),
                mae=View(rounds_pixels=False),
                grey_mean=GrayMean((0.114, 0.587, 0.299), rounds_pixels=False),
            ),
            replace(
                _PYIQA,
                name="vqcnir",
                description="The authors save 8-bit PNGs and score the files with pyiqa: PSNR over RGB, SSIM "
                "of the luma (column SSIM) and of RGB (column SSIM-RGB, pyiqa's `ssimc`), LPIPS with "
                "AlexNet, NIQE, and MUSIQ and NRQM on real pictures. The paper does not say which SSIM it "
                "prints, and its LPIPS of an older method is that of VGG (column LPIPS-VGG).",
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
                description="The paper does not state the color space of PSNR and SSIM. RGB is the main "
                "number here; the luma columns take what the author's other scripts do in MATLAB: rgb2ycbcr "
                "of 8-bit pixels, rounded again. FSIM is that of the luma. SSEQ needs a regression that is "
                "not published, and is not computed. Compare the scores of the dark input with the table "
                "(LOL1000: 12.86 dB, 0.610, 0.787) to see which columns are meant.",
                source="DRGN, section on experiments; the author's other evaluation scripts",
                psnr_y=_STUDIO_ROUNDED,
                ssim_y=_STUDIO_ROUNDED,
            ),
        )
    },
)
"""Every protocol; the first is the default."""
