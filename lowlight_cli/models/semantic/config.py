"""Settings of the semantic networks; torch-free."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

PASCAL_CLASSES = 21


class SemanticConfig(BaseModel):
    """Shape of the compact semantic network.

    Args:
        kind: Tag that tells it from the MobileNetV2 of the published network.
        channels: Channels at 1/4, 1/8 and 1/16 of the size.
        blocks: Residual blocks at each of them.
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
        kind: Tag that tells it from the compact network.
        normalize: Remove the ImageNet mean and spread first; the published network does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["mobilenet"] = "mobilenet"
    normalize: bool = False


PRESETS: dict[str, SemanticConfig] = {"lite": SemanticConfig()}
