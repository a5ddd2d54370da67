"""The one table of metrics: what each measures, what it needs, and who computes it; torch-free."""

from dataclasses import dataclass
from typing import Literal

from lowlight_cli.catalog import Catalog


@dataclass(frozen=True, slots=True)
class MetricFile:
    """A file of weights or statistics that a metric cannot do without.

    Attributes:
        name: Its name as published.
        source: Address it is published at.
        licence: Its terms, as far as they are stated.
        sha256: First digits of its digest; empty where none is published, so that nothing is compared.
        folder: Folder under ``$TORCH_HOME/hub`` that other programs keep it in.
        aliases: Other names under which the same file is handed around.
    """

    name: str
    source: str
    licence: str
    sha256: str = ""
    folder: Literal["pyiqa", "checkpoints"] = "pyiqa"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """One measure of quality.

    Attributes:
        name: What options and JSON call it.
        label: What tables call it.
        summary: One line for lists.
        needs_reference: Whether the picture is compared with what it should be.
        higher_is_better: Which way is up.
        backend: ``own`` code, or ``pyiqa``, whose licence forbids commercial use.
        unit: Unit of the value; empty for none.
        files: Names in ``METRIC_FILES`` of what it needs on disk.
        digits: Decimals in tables.
        smallest: Shortest side of a picture that can be measured, in pixels.
    """

    name: str
    label: str
    summary: str
    needs_reference: bool = True
    higher_is_better: bool = True
    backend: Literal["own", "pyiqa"] = "own"
    unit: str = ""
    files: tuple[str, ...] = ()
    digits: int = 4
    smallest: int = 1

    @property
    def arrow(self) -> str:
        """Which way is up, for the head of a column."""
        return "↑" if self.higher_is_better else "↓"


_PYIQA_FILES = "https://huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/main/"
_TORCH_FILES = "https://download.pytorch.org/models/"
_LPIPS_LICENCE = "BSD-2-Clause (LPIPS)"
_PYIQA_LICENCE = "as redistributed by pyiqa, PolyForm Noncommercial 1.0.0"
_TORCHVISION_LICENCE = "BSD-3-Clause (torchvision); trained on ImageNet, for research"

METRIC_FILES: Catalog[MetricFile] = Catalog(
    "metric file",
    {
        file.name: file
        for file in (
            MetricFile(
                "alexnet-owt-7be5be79.pth",
                f"{_TORCH_FILES}alexnet-owt-7be5be79.pth",
                _TORCHVISION_LICENCE,
                "7be5be79",
                "checkpoints",
            ),
            MetricFile(
                "vgg16-397923af.pth",
                f"{_TORCH_FILES}vgg16-397923af.pth",
                _TORCHVISION_LICENCE,
                "397923af",
                "checkpoints",
            ),
            MetricFile(
                "LPIPS_v0.1_alex-df73285e.pth",
                f"{_PYIQA_FILES}LPIPS_v0.1_alex-df73285e.pth",
                _LPIPS_LICENCE,
                "df73285e",
                aliases=("lpips_lin_v0.1_alex.pth", "alex.pth"),
            ),
            MetricFile(
                "LPIPS_v0.1_vgg-a78928a0.pth",
                f"{_PYIQA_FILES}LPIPS_v0.1_vgg-a78928a0.pth",
                _LPIPS_LICENCE,
                "a78928a0",
                aliases=("lpips_lin_v0.1_vgg.pth", "vgg.pth"),
            ),
            MetricFile(
                "DISTS_weights-f5e65c96.pth",
                f"{_PYIQA_FILES}DISTS_weights-f5e65c96.pth",
                "MIT (DISTS)",
                "f5e65c96",
            ),
            MetricFile(
                "niqe_modelparameters.mat",
                f"{_PYIQA_FILES}niqe_modelparameters.mat",
                "free to use with citation of Mittal et al., University of Texas at Austin",
                aliases=("niqe_modelparameters_bovik.mat", "modelparameters.mat"),
            ),
            MetricFile("brisque_svm_weights.pth", f"{_PYIQA_FILES}brisque_svm_weights.pth", _PYIQA_LICENCE),
            MetricFile("NRQM_model.mat", f"{_PYIQA_FILES}NRQM_model.mat", _PYIQA_LICENCE),
            MetricFile(
                "musiq_koniq_ckpt-e95806b9.pth",
                f"{_PYIQA_FILES}musiq_koniq_ckpt-e95806b9.pth",
                "Apache-2.0 (MUSIQ), as converted by pyiqa",
                "e95806b9",
            ),
        )
    },
)
"""Every file that some metric needs; none comes with the package."""

_ALEX = ("alexnet-owt-7be5be79.pth", "LPIPS_v0.1_alex-df73285e.pth")
_VGG = ("vgg16-397923af.pth", "LPIPS_v0.1_vgg-a78928a0.pth")
_NIQE = "niqe_modelparameters.mat"
_NRQM = "NRQM_model.mat"


def _blind(
    name: str, label: str, summary: str, files: tuple[str, ...], *, up: bool, smallest: int
) -> MetricEntry:
    return MetricEntry(
        name,
        label,
        summary,
        needs_reference=False,
        higher_is_better=up,
        backend="pyiqa",
        files=files,
        digits=3,
        smallest=smallest,
    )


METRICS: Catalog[MetricEntry] = Catalog(
    "metric",
    {
        entry.name: entry
        for entry in (
            MetricEntry("psnr", "PSNR", "Peak signal-to-noise ratio.", unit="dB", digits=2),
            MetricEntry("ssim", "SSIM", "Structural similarity.", smallest=11),
            MetricEntry("psnr_y", "PSNR-Y", "PSNR of the luma alone.", unit="dB", digits=2),
            MetricEntry("ssim_y", "SSIM-Y", "SSIM of the luma alone.", smallest=11),
            MetricEntry("ssim_rgb", "SSIM-RGB", "SSIM of R, G and B, under every protocol.", smallest=11),
            MetricEntry("mae", "MAE", "Mean absolute error, in [0, 1].", higher_is_better=False),
            MetricEntry("ms_ssim", "MS-SSIM", "SSIM of the luma over five scales.", smallest=176),
            MetricEntry("fsim", "FSIM", "Likeness of phase congruency and gradients.", smallest=16),
            MetricEntry("fsimc", "FSIMc", "FSIM that looks at color as well.", smallest=16),
            MetricEntry(
                "lpips",
                "LPIPS",
                "Distance in the features of AlexNet, as people rate it.",
                higher_is_better=False,
                files=_ALEX,
                smallest=32,
            ),
            MetricEntry(
                "lpips-vgg",
                "LPIPS-VGG",
                "Distance in the features of VGG16, as people rate it.",
                higher_is_better=False,
                files=_VGG,
                smallest=32,
            ),
            MetricEntry(
                "dists",
                "DISTS",
                "Distance of structure and texture in the features of VGG16.",
                higher_is_better=False,
                backend="pyiqa",
                files=("vgg16-397923af.pth", "DISTS_weights-f5e65c96.pth"),
                smallest=32,
            ),
            _blind("niqe", "NIQE", "Distance from natural pictures.", (_NIQE,), up=False, smallest=96),
            _blind(
                "brisque",
                "BRISQUE",
                "Loss of naturalness.",
                ("brisque_svm_weights.pth",),
                up=False,
                smallest=32,
            ),
            _blind(
                "musiq",
                "MUSIQ",
                "Rating by a network (KonIQ).",
                ("musiq_koniq_ckpt-e95806b9.pth",),
                up=True,
                smallest=32,
            ),
            _blind("nrqm", "NRQM", "Rating by Ma et al.", (_NRQM,), up=True, smallest=96),
            _blind(
                "pi", "PI", "Perceptual index: NIQE and NRQM in one.", (_NRQM, _NIQE), up=False, smallest=104
            ),
        )
    },
)
"""Every metric, in the order of the columns of a table."""
