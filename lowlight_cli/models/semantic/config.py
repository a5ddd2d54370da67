"""Settings of the semantic networks; torch-free."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

PASCAL_CLASSES = 21


class SemanticConfig(BaseModel):
    """Shape of the compact semantic network.

    Args:
        kind: Tag of this network in the settings.
        channels: Channels at 1/4, 1/8 and 1/16 of the size.
        blocks: Residual blocks at each scale.
        classes: Number of classes of the training head.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["compact"] = "compact"
    channels: tuple[int, int, int] = (32, 64, 96)
    blocks: tuple[int, int, int] = (1, 1, 2)
    classes: int = PASCAL_CLASSES


class MobileNetConfig(BaseModel):
    """The DeepLabV3+ backbone of the published network (1,811,712 parameters).

    Args:
        kind: Tag of this network in the settings.
        normalize: Normalize by the ImageNet mean and deviation first; the published network does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["mobilenet"] = "mobilenet"
    normalize: bool = False


PRESETS: dict[str, SemanticConfig] = {"lite": SemanticConfig()}
