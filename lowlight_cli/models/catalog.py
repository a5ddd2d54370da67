"""The catalog of all models; networks and settings are imported when they are needed."""

from lowlight_cli.catalog import Catalog
from lowlight_cli.models.entry import ModelEntry, PassCost, WeightsEntry


def _own(file: str, page: str, sha256: str) -> WeightsEntry:
    """Weights that ship with the package."""
    return WeightsEntry(file, f"MIT; terms of the training data in docs/models/{page}.md", sha256)


def _published(model: str, licence: str, page: str, *files: str) -> WeightsEntry:
    """Weights of a paper's authors, which users import; ``page`` links to the files."""
    names = ("FILE",) if len(files) == 1 else files
    return WeightsEntry(
        f"{model}-paper.safetensors",
        licence,
        shipped=False,
        page=page,
        published=files,
        remedy=f"run `lle models import {model} {' '.join(names)}`; get {' and '.join(names)} from {page}",
    )


def _unpublished(file: str, page: str, reason: str, command: str) -> WeightsEntry:
    """Weights of a network that nobody published; users train them."""
    return WeightsEntry(
        file,
        "your own; nobody published any",
        shipped=False,
        page=page,
        remedy=f"{reason} ({page}); train them with `lle train {command}` and give them with --checkpoint",
    )


def _drgn(
    name: str, summary: str, parameters: int, cost: PassCost, *, settings: str, sha256: str
) -> ModelEntry:
    return ModelEntry(
        name=name,
        summary=summary,
        source="Jiang et al., Degrade is Upgrade: Learning Degradation for Low-Light Image Enhancement, "
        "AAAI 2022, arXiv:2103.10621",
        network="drgn.model:Drgn",
        settings=settings,
        parameters={"paper": parameters, "lite": parameters},
        pass_costs={"paper": cost, "lite": cost},
        weights={
            "paper": _unpublished(
                f"{name}-paper.safetensors",
                "https://github.com/kuijiang94/DRGN",
                "its authors published none",
                "drgn-refinement",
            ),
            "lite": _own(f"{name}-lite.safetensors", "drgn", sha256),
        },
        views=("degradation", "base"),
    )


_ENTRIES = (
    ModelEntry(
        name="codeenhance",
        summary="Looks up well-lit detail in a learned codebook, guided by the semantics of the scene.",
        source="Wu et al., CodeEnhance: A Codebook-Driven Approach for Low-Light Image Enhancement, 2024, "
        "arXiv:2404.05253",
        network="codeenhance.model:CodeEnhance",
        settings="codeenhance.config:PRESETS",
        parameters={"paper": 39_591_939, "lite": 2_416_005},
        pass_costs={"paper": PassCost(2061, 128), "lite": PassCost(335, 32)},
        controls=frozenset({"contrast", "brightness", "texture"}),
        takes_reference=True,
        weights={
            "lite": _own(
                "codeenhance-lite.safetensors",
                "codeenhance",
                "985b85ff9e342c2f2e80786ddff951fe3fda4467ae8481226ec6d9faedd48bab",
            ),
            "paper": _published(
                "codeenhance",
                "CC BY-NC 4.0, the authors of CodeEnhance",
                "https://github.com/csxuwu/CodeEnhance",
                "net_g_latest.pth",
            ),
        },
        stages={
            "vqgan": _own(
                "vqgan-lite.safetensors",
                "codeenhance",
                "0f7da9d5f5b20f6227d193a8644e8512d1f503f3724de4d623ff82169f2dd0f8",
            ),
            "semantic": _own(
                "semantic-lite.safetensors",
                "codeenhance",
                "610fe0b288787b89485329852bae527528466b124b720144899d3feaa5c30db6",
            ),
        },
    ),
    _drgn(
        "drgn",
        "Estimates what darkness added to an image, removes it, and refines the rest.",
        4_772_958,
        PassCost(1737, 128),
        settings="drgn.config:DRGN_PRESETS",
        sha256="38ac365a99fe3573ac8a56e05d769444c78b22fa7b9b0695ded2b0cc8b3971c2",
    ),
    _drgn(
        "lw-drgn",
        "DRGN with a network of a seventh of the size, for small machines.",
        661_302,
        PassCost(741, 64),
        settings="drgn.config:LIGHT_DRGN_PRESETS",
        sha256="d2609395ca54aa4402254768350d42f63cdd55f97662bc53f81aa498be563722",
    ),
    ModelEntry(
        name="glare",
        summary="Finds the codes of the well-lit image, and fuses what they show with the dark image.",
        source="Zhou et al., GLARE: Low Light Image Enhancement via Generative Latent Feature based Codebook "
        "Retrieval, ECCV 2024, arXiv:2407.12431",
        network="glare.model:Glare",
        settings="glare.config:PRESETS",
        parameters={"paper": 101_416_007, "lite": 1_100_869, "lite-flow": 1_636_933},
        pass_costs={
            "paper": PassCost(11470, 267),
            "lite": PassCost(363, 32),
            "lite-flow": PassCost(363, 32),
        },
        controls=frozenset({"texture", "temperature"}),
        lacking={"lite": frozenset({"temperature"})},
        weights={
            "lite": _own(
                "glare-lite.safetensors",
                "glare",
                "a3510541d777915b9764c03cf45696d5fbbe33ca22d9877309f2f8ac7049c42d",
            ),
            "paper": _published(
                "glare",
                "Apache-2.0, the authors of GLARE",
                "https://github.com/LowLevelAI/GLARE",
                "vqgan.pkl",
                "net_G.pth",
            ),
            "lite-flow": _unpublished(
                "glare-lite-flow.safetensors",
                "https://github.com/LowLevelAI/GLARE",
                "none ship for this network, and its authors published those of 'paper' alone",
                "glare",
            ),
        },
    ),
    ModelEntry(
        name="vqcnir",
        summary="Brightens dark images, blurred ones too, with a codebook learned from sharp images.",
        source="Zou et al., VQCNIR: Clearer Night Image Restoration with Vector-Quantized Codebook, "
        "AAAI 2024, arXiv:2312.08606",
        network="vqcnir.model:Vqcnir",
        settings="vqcnir.config:PRESETS",
        parameters={"paper": 47_854_222, "lite": 2_121_483},
        pass_costs={"paper": PassCost(7805, 217), "lite": PassCost(1827, 48)},
        removes_blur=True,
        controls=frozenset({"texture"}),
        weights={
            "lite": _own(
                "vqcnir-lite.safetensors",
                "vqcnir",
                "5b65d3fca0261f941186e9c8cebbe82cc98a1ece14865d4f05bf82f6664b49c3",
            ),
            "paper": _published(
                "vqcnir",
                "none stated, the authors of VQCNIR",
                "https://github.com/AlexZou14/VQCNIR",
                "VQCNIR_LOLBlur_G.pth",
            ),
        },
        stages={
            "shake": _own(
                "shake.safetensors",
                "vqcnir",
                "17a0686d5c319e77b0a6886d33ab4e3662fdfb121b8cd8a038b518ddbc84ec03",
            ),
        },
    ),
    ModelEntry(
        name="identity",
        summary="Returns each image unchanged; for tests of everything around a model.",
        source="none",
        network="identity:build_identity",
        settings="no_settings:PRESETS",
        parameters={"lite": 0},
        pass_costs={"lite": PassCost(12, 3)},
        hidden=True,
    ),
)

MODELS: Catalog[ModelEntry] = Catalog("model", {entry.name: entry for entry in _ENTRIES})
