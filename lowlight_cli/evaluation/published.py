"""Lists scores that papers report for their own methods, for comparison; torch-free.

None was measured by this program. Scores that could not be checked against the paper,
such as those of GLARE, are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CODEENHANCE = "CodeEnhance (arXiv 2404.05253), Table I"
VQCNIR = "VQCNIR (AAAI 2024), comparison on LOL-Blur"
VQCNIR_REAL = "VQCNIR (AAAI 2024), comparison on Real-LOL-Blur"
DRGN = "DRGN (AAAI 2022), comparison on Test148, LOL1000 and VOC144"
DRGN_REAL = "DRGN (AAAI 2022), comparison on real photos"
DRGN_COCO = "DRGN (AAAI 2022), comparison on COCO1000"


@dataclass(frozen=True, slots=True)
class Published:
    """A row of a table in a paper.

    Attributes:
        method: Name in the paper.
        dataset: Name in ``DATASETS``; the row is about its default split.
        values: Metric -> mean.
        source: Paper and table.
        note: What the paper does not say about how it was computed.
    """

    method: str
    dataset: str
    values: Mapping[str, float]
    source: str
    note: str = ""


def published_for(dataset: str) -> tuple[Published, ...]:
    """Rows about a dataset.

    Args:
        dataset: Name in ``DATASETS``.
    """
    return tuple(row for row in PUBLISHED if row.dataset == dataset)


def _codeenhance(dataset: str, psnr: float, ssim: float, lpips: float, mae: float) -> Published:
    values = {"psnr": psnr, "ssim": ssim, "lpips": lpips, "mae": mae}
    return Published("CodeEnhance", dataset, values, CODEENHANCE, "the backbone of LPIPS is not stated")


def _drgn(method: str, dataset: str, psnr: float, ssim: float, fsim: float) -> Published:
    values = {"psnr": psnr, "ssim": ssim, "fsim": fsim}
    return Published(method, dataset, values, DRGN, "the color space of PSNR and SSIM is not stated")


PUBLISHED: tuple[Published, ...] = (
    _codeenhance("LSRW-Nikon", 17.31, 0.5061, 0.2610, 0.1086),
    _codeenhance("LSRW-Huawei", 21.14, 0.6076, 0.2840, 0.0733),
    _codeenhance("FiveK", 24.69, 0.9023, 0.0750, 0.0536),
    _codeenhance("LOL", 22.90, 0.8424, 0.1268, 0.0783),
    _codeenhance("SynLL", 23.32, 0.7793, 0.1904, 0.0559),
    Published(
        "VQCNIR",
        "LOL-Blur",
        {"psnr": 27.79, "ssim": 0.875, "lpips": 0.096},
        VQCNIR,
        "SSIM is likely that of the luma; the backbone of LPIPS is likely AlexNet",
    ),
    Published(
        "LEDNet",
        "LOL-Blur",
        {"psnr": 25.74, "ssim": 0.850, "lpips-vgg": 0.224},
        VQCNIR,
        "LPIPS as in LEDNet's own paper, with VGG",
    ),
    Published("VQCNIR", "Real-LOL-Blur", {"musiq": 51.04, "nrqm": 7.064, "niqe": 4.599}, VQCNIR_REAL),
    _drgn("DRGN", "Test148", 20.41, 0.880, 0.940),
    _drgn("DRGN", "LOL1000", 19.88, 0.889, 0.916),
    _drgn("DRGN", "VOC144", 22.86, 0.858, 0.894),
    _drgn("LW-DRGN", "Test148", 18.85, 0.851, 0.920),
    _drgn("LW-DRGN", "LOL1000", 18.89, 0.856, 0.886),
    _drgn("LW-DRGN", "VOC144", 20.43, 0.839, 0.882),
    _drgn("input", "LOL1000", 12.86, 0.610, 0.787),
    Published("DRGN", "Real63", {"niqe": 3.051}, DRGN_REAL),
    Published("DRGN", "ExDark", {"niqe": 3.712}, DRGN_REAL),
    Published("DRGN", "COCO1000", {"psnr": 20.47, "ssim": 0.790}, DRGN_COCO),
)
