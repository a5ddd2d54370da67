"""Datasets of dark images without references; torch-free."""

from lowlight_cli.catalog import Catalog
from lowlight_cli.datasets.layouts import NOT_STATED, DatasetEntry, Folders, Split
from lowlight_cli.datasets.paired_sets import DRGN

_COLLECTION = "https://github.com/Fediory/HVI-CIDNet"
"""Its page links to a collection of DICM, LIME, MEF, NPE and VV."""


def _unpaired(
    name: str,
    summary: str,
    sizes: tuple[int, ...],
    *,
    paper: str,
    home: str,
    licence: str = NOT_STATED,
    homes: tuple[str, ...] = (),
    note: str = "",
    folders: tuple[str, ...] = (".",),
) -> DatasetEntry:
    split = Split(sizes, tuple(Folders(folder) for folder in folders))
    return DatasetEntry(
        name, summary, paper, home, licence, (*homes, name), Catalog("split", {"test": split}), note=note
    )


UNPAIRED_SETS = (
    _unpaired(
        "Real-LOL-Blur",
        "Real blurred night photos without references.",
        (1354,),
        paper="Zhou et al., LEDNet, ECCV 2022; 482 of them from RealBlur-J",
        home="https://github.com/sczhou/LEDNet",
        licence="S-Lab License 1.0 of the project: not for commercial use",
        homes=("Real_LOL_Blur", "real_lol_blur"),
    ),
    _unpaired(
        "ExDark",
        "Night photos with boxes of twelve kinds of objects, without references.",
        (7363,),
        paper="Loh and Chan, Getting to Know Low-light Images with The Exclusively Dark Dataset, CVIU 2019",
        home="https://github.com/cs-chan/Exclusively-Dark-Image-Dataset",
        licence="BSD-3-Clause; images for non-commercial research only",
        homes=("ExDark/ExDark", "Exclusively-Dark-Image-Dataset/Dataset/ExDark"),
    ),
    _unpaired(
        "DICM",
        "Photos of digital cameras, some of them not dark.",
        (69, 64, 44),
        paper="Lee et al., Contrast Enhancement Based on Layered Difference Representation, ICIP 2012",
        home=_COLLECTION,
        note="Editions of 69, 64 and 44 images are in use; their mean scores cannot be compared.",
    ),
    _unpaired(
        "LIME",
        "Ten dark photos.",
        (10,),
        paper="Guo et al., LIME: Low-light Image Enhancement via Illumination Map Estimation, TIP 2017",
        home="https://sites.google.com/view/xjguo/lime",
    ),
    _unpaired(
        "MEF",
        "One exposure from each of seventeen series.",
        (17, 79),
        paper="Ma et al., Perceptual Quality Assessment for Multi-Exposure Image Fusion, TIP 2015",
        home="https://ivc.uwaterloo.ca/database/MEF.html",
        note="Editions of 17 and 79 images are in use; their mean scores cannot be compared.",
    ),
    _unpaired(
        "NPE",
        "Outdoor photos with uneven light.",
        (8, 84, 85),
        paper="Wang et al., Naturalness Preserved Enhancement Algorithm for Non-Uniform Illumination Images, "
        "TIP 2013",
        home=_COLLECTION,
        note="Editions of 8, 84 and 85 images are in use; their mean scores cannot be compared.",
    ),
    _unpaired(
        "VV",
        "Photos with large differences of exposure, several megapixels each.",
        (24,),
        paper="Vonikakis, test images for exposure and tone-mapping algorithms",
        home="https://sites.google.com/site/vonikakis/datasets",
    ),
    _unpaired(
        "Real63",
        "The 63 real photos on which DRGN reports NIQE.",
        (63,),
        paper=f"{DRGN}; images of Lee et al. 2012 and Ma et al. 2015",
        home="https://github.com/kuijiang0802/DRGN",
        note="The list of its images is not published.",
    ),
)
