"""Lists the metrics: what each measures, which files it needs and what computes it; torch-free."""

from dataclasses import dataclass
from typing import Literal

from lowlight_cli.catalog import Catalog


@dataclass(frozen=True, slots=True)
class MetricFile:
    """A file of weights or statistics that a metric needs.

    Attributes:
        name: Its name as published.
        title: What it is, in messages; for a large file with the size of the download.
        source: URL of the published file.
        licence: Its licence, as far as it is stated.
        sha256: First digits of its digest; empty if none is published, and then it is not checked.
        folder: Folder under ``$TORCH_HOME/hub`` where other programs keep it.
        aliases: Other names of the same file.
        shipped: Name in ``lowlight_cli/metric_data`` of the copy that ships; empty if none does.
    """

    name: str
    title: str
    source: str
    licence: str
    sha256: str = ""
    folder: Literal["pyiqa", "checkpoints"] = "pyiqa"
    aliases: tuple[str, ...] = ()
    shipped: str = ""


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """One metric.

    Attributes:
        name: Name in options and JSON.
        label: Name in tables.
        summary: One line for lists.
        needs_reference: Whether images are compared with references.
        higher_is_better: Whether a higher score is better.
        backend: ``own`` code, or ``pyiqa``, whose licence forbids commercial use.
        unit: Unit of the score; empty for none.
        files: Names in ``METRIC_FILES`` of the files it needs.
        digits: Decimals in tables.
        smallest: Smallest side of an image that can be measured, in pixels.
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
        """``↑`` if a higher score is better, else ``↓``."""
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
                "AlexNet (233 MB)",
                f"{_TORCH_FILES}alexnet-owt-7be5be79.pth",
                _TORCHVISION_LICENCE,
                "7be5be79",
                "checkpoints",
            ),
            MetricFile(
                "vgg16-397923af.pth",
                "VGG16 (528 MB)",
                f"{_TORCH_FILES}vgg16-397923af.pth",
                _TORCHVISION_LICENCE,
                "397923af",
                "checkpoints",
            ),
            MetricFile(
                "LPIPS_v0.1_alex-df73285e.pth",
                "heads of LPIPS",
                f"{_PYIQA_FILES}LPIPS_v0.1_alex-df73285e.pth",
                _LPIPS_LICENCE,
                "df73285e",
                aliases=("lpips_lin_v0.1_alex.pth", "alex.pth"),
                shipped="lpips_alex.safetensors",
            ),
            MetricFile(
                "LPIPS_v0.1_vgg-a78928a0.pth",
                "heads of LPIPS",
                f"{_PYIQA_FILES}LPIPS_v0.1_vgg-a78928a0.pth",
                _LPIPS_LICENCE,
                "a78928a0",
                aliases=("lpips_lin_v0.1_vgg.pth", "vgg.pth"),
                shipped="lpips_vgg.safetensors",
            ),
            MetricFile(
                "DISTS_weights-f5e65c96.pth",
                "weights of DISTS",
                f"{_PYIQA_FILES}DISTS_weights-f5e65c96.pth",
                "MIT (DISTS)",
                "f5e65c96",
            ),
            MetricFile(
                "niqe_modelparameters.mat",
                "statistics of NIQE",
                f"{_PYIQA_FILES}niqe_modelparameters.mat",
                "free to use with citation of Mittal et al., University of Texas at Austin",
                aliases=("niqe_modelparameters_bovik.mat", "modelparameters.mat"),
                shipped="niqe.safetensors",
            ),
            MetricFile(
                "brisque_svm_weights.pth",
                "weights of BRISQUE",
                f"{_PYIQA_FILES}brisque_svm_weights.pth",
                _PYIQA_LICENCE,
            ),
            MetricFile("NRQM_model.mat", "model of NRQM", f"{_PYIQA_FILES}NRQM_model.mat", _PYIQA_LICENCE),
            MetricFile(
                "musiq_koniq_ckpt-e95806b9.pth",
                "weights of MUSIQ",
                f"{_PYIQA_FILES}musiq_koniq_ckpt-e95806b9.pth",
                "Apache-2.0 (MUSIQ), as converted by pyiqa",
                "e95806b9",
            ),
        )
    },
)
"""Every file that a metric needs."""

_ALEX = ("alexnet-owt-7be5be79.pth", "LPIPS_v0.1_alex-df73285e.pth")
_VGG = ("vgg16-397923af.pth", "LPIPS_v0.1_vgg-a78928a0.pth")
_NIQE = "niqe_modelparameters.mat"
_NRQM = "NRQM_model.mat"


def _no_reference(
    name: str, label: str, summary: str, files: tuple[str, ...], *, higher_is_better: bool, smallest: int
) -> MetricEntry:
    return MetricEntry(
        name,
        label,
        summary,
        needs_reference=False,
        higher_is_better=higher_is_better,
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
            MetricEntry("psnr_y", "PSNR-Y", "PSNR of the luma only.", unit="dB", digits=2),
            MetricEntry("ssim_y", "SSIM-Y", "SSIM of the luma only.", smallest=11),
            MetricEntry("ssim_rgb", "SSIM-RGB", "SSIM of R, G and B, whatever the protocol.", smallest=11),
            MetricEntry("mae", "MAE", "Mean absolute error, in [0, 1].", higher_is_better=False),
            MetricEntry("ms_ssim", "MS-SSIM", "SSIM of the luma over five scales.", smallest=176),
            MetricEntry("fsim", "FSIM", "Similarity of phase congruency and gradients.", smallest=16),
            MetricEntry("fsimc", "FSIMc", "FSIM that compares color, too.", smallest=16),
            MetricEntry(
                "lpips",
                "LPIPS",
                "Perceptual distance in AlexNet features.",
                higher_is_better=False,
                files=_ALEX,
                smallest=32,
            ),
            MetricEntry(
                "lpips-vgg",
                "LPIPS-VGG",
                "Perceptual distance in VGG16 features.",
                higher_is_better=False,
                files=_VGG,
                smallest=32,
            ),
            MetricEntry(
                "dists",
                "DISTS",
                "Distance of structure and texture in VGG16 features.",
                higher_is_better=False,
                backend="pyiqa",
                files=("vgg16-397923af.pth", "DISTS_weights-f5e65c96.pth"),
                smallest=32,
            ),
            _no_reference(
                "niqe",
                "NIQE",
                "Distance from the statistics of natural images.",
                (_NIQE,),
                higher_is_better=False,
                smallest=96,
            ),
            _no_reference(
                "brisque",
                "BRISQUE",
                "Loss of naturalness.",
                ("brisque_svm_weights.pth",),
                higher_is_better=False,
                smallest=32,
            ),
            _no_reference(
                "musiq",
                "MUSIQ",
                "Rating by a network (KonIQ).",
                ("musiq_koniq_ckpt-e95806b9.pth",),
                higher_is_better=True,
                smallest=32,
            ),
            _no_reference(
                "nrqm", "NRQM", "Rating by Ma et al.", (_NRQM,), higher_is_better=True, smallest=96
            ),
            _no_reference(
                "pi",
                "PI",
                "Perceptual index: combines NIQE and NRQM.",
                (_NRQM, _NIQE),
                higher_is_better=False,
                smallest=104,
            ),
        )
    },
)
"""Every metric, in the order of table columns."""
