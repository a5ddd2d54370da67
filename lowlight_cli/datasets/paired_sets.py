"""Datasets with a reference for each dark image; torch-free."""

from lowlight_cli.catalog import Catalog
from lowlight_cli.datasets.layouts import LOW_NORMAL, NOT_STATED, DatasetEntry, Folders, Split

DRGN = "Jiang et al., Degrade is Upgrade: Learning Degradation for Low-light Image Enhancement, AAAI 2022"

_SIDES = (("input", "target"), ("input", "gt"), ("low", "high"))


def _paired_folder(folder: str) -> tuple[Folders, ...]:
    return tuple(Folders(f"{folder}/{low}", f"{folder}/{high}") for low, high in _SIDES)


def _low_high(*folders: str) -> tuple[Folders, ...]:
    return tuple(Folders(f"{folder}/low", f"{folder}/high") for folder in folders)


def _test_pairs(name: str, summary: str, size: int, *, paper: str, home: str, note: str) -> DatasetEntry:
    split = Split((size,), (*_paired_folder("."), *_paired_folder("test")))
    return DatasetEntry(
        name, summary, paper, home, NOT_STATED, (name,), Catalog("split", {"test": split}), note=note
    )


_LOL = DatasetEntry(
    "LOL",
    "Real indoor pairs of short and long exposure, 600x400; the test set of most papers (also LOL-v1).",
    "Wei et al., Deep Retinex Decomposition for Low-Light Enhancement, BMVC 2018",
    "https://daooshee.github.io/BMVC2018website/",
    NOT_STATED,
    ("LOLdataset", "LOL", "LOLv1", "LOL-v1", "LOL_v1", "lol_dataset", "."),
    Catalog(
        "split",
        {
            "test": Split((15,), (*_low_high("eval15"), Folders("Test/input", "Test/target"))),
            "train": Split((485,), (*_low_high("our485"), Folders("Train/input", "Train/target"))),
        },
    ),
    ("LOLv1", "eval15"),
    "Its pairs overlap with those of LOLv2-real: do not evaluate on one a model trained on the other.",
)

_LOL_V2_HOMES = ("LOLv2", "LOL-v2", "LOL_v2")


def _lol_v2(name: str, folder: str, sizes: tuple[int, int], summary: str, note: str) -> DatasetEntry:
    def folders(split: str) -> tuple[Folders, ...]:
        return (Folders(f"{split}/Low", f"{split}/Normal", LOW_NORMAL),)

    homes = tuple(f"{home}/{folder}" for home in _LOL_V2_HOMES)
    return DatasetEntry(
        name,
        summary,
        "Yang et al., Sparse Gradient Regularized Deep Retinex Network for Robust Low-Light Image "
        "Enhancement, TIP 2021",
        "https://github.com/flyywh/CVPR-2020-Semi-Low-Light",
        NOT_STATED,
        (*homes, name, folder),
        Catalog(
            "split", {"test": Split(sizes[:1], folders("Test")), "train": Split(sizes[1:], folders("Train"))}
        ),
        (f"LOLv2-{folder}",),
        note,
    )


def _lsrw(camera: str, sizes: tuple[int, int], resolution: str) -> DatasetEntry:
    test = tuple(Folders(f"Eval/{camera}/{low}", f"Eval/{camera}/high") for low in ("low", "input"))
    train = tuple(
        Folders(f"{part}/{camera}/{low}", f"{part}/{camera}/high")
        for part in ("Training data", "Training")
        for low in ("low", "input")
    )
    return DatasetEntry(
        f"LSRW-{camera}",
        f"Real pairs of a {camera} camera, about {resolution}.",
        "Hai et al., R2RNet: Low-light Image Enhancement via Real-low to Real-normal Network, 2021, "
        "arXiv:2106.14501",
        "https://github.com/JianghaiSCU/R2RNet",
        NOT_STATED,
        ("LSRW", f"LSRW-{camera}", "."),
        Catalog("split", {"test": Split(sizes[:1], test), "train": Split(sizes[1:], train)}),
    )


_FIVEK = DatasetEntry(
    "FiveK",
    "Camera originals and retouched versions (MIT-Adobe FiveK), split 4500/500 as by CodeEnhance.",
    "Bychkovsky et al., Learning Photographic Global Tonal Adjustment with a Database of Input/Output "
    "Image Pairs, CVPR 2011",
    "https://data.csail.mit.edu/graphics/fivek/",
    "for research; LicenseAdobe.txt and LicenseAdobeMIT.txt on its home page",
    ("FiveK", "fivek", "MIT-Adobe-FiveK", "MIT-Adobe FiveK"),
    Catalog(
        "split",
        {"test": Split((500,), _paired_folder("test")), "train": Split((4500,), _paired_folder("train"))},
    ),
    ("MIT-Adobe FiveK", "MIT5K"),
    "Papers differ in expert, size and split; CodeEnhance states neither expert nor size.",
)

_SYNLL = DatasetEntry(
    "SynLL",
    "Darkened COCO photos with noise (the data of AGLLNet).",
    "Lv et al., Attention Guided Low-light Image Enhancement with a Large Scale Low-light Simulation "
    "Dataset, IJCV 2021, arXiv:1908.00682",
    "http://www.phi-ai.org/project/AgLLNet/default.htm",
    NOT_STATED,
    ("SynLL", "AGLLNet", "AgLLNet"),
    Catalog(
        "split",
        {
            "test": Split((959,), (Folders("test_lowlight", "test"),)),
            "train": Split((22472,), (Folders("train_lowlight", "train"),)),
            "test-noise-free": Split((959,), (Folders("test_dark", "test"),)),
        },
    ),
    ("AGLLNet",),
    "References are JPEG files, inputs are PNG files.",
)

_SICE = DatasetEntry(
    "SICE",
    "Exposure series of a scene, and a reference fused from each.",
    "Cai et al., Learning a Deep Single Image Contrast Enhancer from Multi-Exposure Images, TIP 2018",
    "https://github.com/csjcai/SICE",
    NOT_STATED,
    ("SICE", "SICE/Dataset"),
    Catalog(
        "split",
        {
            "test": Split(
                (),
                (
                    Folders("eval/test", "eval/target"),
                    Folders("SICE-test/image", "SICE-test/label"),
                    *_paired_folder("test"),
                ),
            ),
            "mix": Split((589,), (Folders("SICE_Mix", "SICE_Reshape"),)),
            "grad": Split((589,), (Folders("SICE_Grad", "SICE_Reshape"),)),
        },
    ),
    note="Papers differ in their test images; mix and grad combine several exposures in one image.",
)

_LOL_BLUR = DatasetEntry(
    "LOL-Blur",
    "Video frames that are dark and blurred, 1120x640: 170 videos to train, 30 to test, 60 frames each.",
    "Zhou et al., LEDNet: Joint Low-light Enhancement and Deblurring in the Dark, ECCV 2022, "
    "arXiv:2202.03373",
    "https://github.com/sczhou/LEDNet",
    "S-Lab License 1.0 of the project: not for commercial use",
    ("LOLBlur", "LOL-Blur", "LOL_blur", "LOL_Blur"),
    Catalog(
        "split",
        {
            "test": Split(
                (1800,),
                (
                    Folders("test/low_blur_noise", "test/high_sharp_scaled"),
                    Folders("eval/low_blur_noise", "eval/high_sharp_scaled"),
                ),
            ),
            "train": Split((10200,), (Folders("train/low_blur_noise", "train/high_sharp_scaled"),)),
            "test-noise-free": Split(
                (1800,),
                (
                    Folders("test/low_blur", "test/high_sharp_scaled"),
                    Folders("eval/low_blur", "eval/high_sharp_scaled"),
                ),
            ),
        },
    ),
    note="Papers use low_blur_noise (VQCNIR) or low_blur as input; report which.",
)

_LOL1000 = DatasetEntry(
    "LOL1000",
    "Probably the 1,000 synthetic pairs of RetinexNet, as used by DRGN.",
    "Wei et al., Deep Retinex Decomposition for Low-Light Enhancement, BMVC 2018",
    "https://daooshee.github.io/BMVC2018website/",
    NOT_STATED,
    ("LOL1000", "BrightingTrain", "LOLdataset/syn", "syn"),
    Catalog("split", {"test": Split((1000,), (*_paired_folder("."), *_paired_folder("test")))}),
    ("RetinexNet-Syn",),
    "DRGN cites it without a list of its images.",
)

_ELIEI = DatasetEntry(
    "ELIEI",
    "Real pairs of short and long exposures, 600x400, of a camera with an infrared cut filter (RGB part).",
    "Wang et al., Enhancing Low-Light Images Using Infrared Encoded Images, ICIP 2023, arXiv:2307.04122",
    "https://wyf0912.github.io/ELIEI/",
    NOT_STATED,
    ("ELIEI", "ELIEI-RGB"),
    Catalog("split", {"train": Split((), _low_high("train", "."))}),
    ("ELIEI-RGB",),
    "It has no fixed test part here; some of its scenes are kept for validation in training.",
    validation=("115", "197", "274", "275", "277", "278", "295", "298", "300", "303", "313", "320"),
    color_cast=("004", "005", "029", "030", "038", "281"),
)

PAIRED_SETS = (
    _LOL,
    _lol_v2(
        "LOLv2-real",
        "Real_captured",
        (100, 689),
        "Real pairs, 600x400, more than in LOL.",
        "According to the authors of GLARE, all its test images are in the training split of LOL.",
    ),
    _lol_v2("LOLv2-syn", "Synthetic", (100, 900), "Darkened raw photos, 384x384.", ""),
    _lsrw("Huawei", (30, 2450), "960x720"),
    _lsrw("Nikon", (20, 3150), "960x640"),
    _FIVEK,
    _SYNLL,
    _SICE,
    _LOL_BLUR,
    _LOL1000,
    _ELIEI,
    _test_pairs(
        "Test148",
        "The 148 test pairs of EnlightenGAN, as used by DRGN.",
        148,
        paper="Jiang et al., EnlightenGAN: Deep Light Enhancement without Paired Supervision, TIP 2021",
        home="https://github.com/VITA-Group/EnlightenGAN",
        note="DRGN cites it without a list of its images.",
    ),
    _test_pairs(
        "VOC144",
        "144 darkened photos of Pascal VOC, the test set of MBLLEN.",
        144,
        paper="Lv et al., MBLLEN: Low-light Image/Video Enhancement Using CNNs, BMVC 2018",
        home="https://github.com/Lvfeifan/MBLLEN",
        note="DRGN cites it without a list of its images.",
    ),
    _test_pairs(
        "COCO1000",
        "1,000 darkened COCO photos, made for the detection study of DRGN.",
        1000,
        paper=DRGN,
        home="https://github.com/kuijiang0802/DRGN",
        note="Not published in DRGN's repository.",
    ),
)
