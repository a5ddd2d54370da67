"""How many pixels go through a model at a time: what its cost and the memory of the device allow."""

import torch

from lowlight_cli.models.entry import PassCost

MOST_ELEMENTS = 2**31 - 1
"""Largest number of elements of a tensor.

Beyond it kernels leave 32-bit indices, where some gave zeros without an error until pytorch#141923 (nearest
upsampling) or raised one until pytorch#185788 (bilinear)."""

CPU_BYTES = 9 * 2**29
"""4.5 GiB for a pass on a CPU: fixed, so that no result depends on the machine it was made on."""

CPU_PIXELS = 2**21
"""More make a pass on a CPU no faster."""

CUDA_FREE_BYTES = 2**30
"""Left alone on a GPU: workspaces of cuDNN and cuBLAS, which hardly grow with the picture."""

CUDA_MARGIN = 1.3
"""For what the cost leaves out and grows with the picture: the engine's copies, gaps between blocks."""

CUDA_PIXELS = (2**16, 2**25)
"""Fewest, which are tried even where memory seems short; and most, as a larger pass makes nothing faster."""


def pass_pixels(device: torch.device, cost: PassCost) -> int:
    """Pixels that fit into one pass; larger pictures go by tiles.

    Args:
        device: Where the model already is; its free memory counts, if it is a GPU.
        cost: What the model takes for each pixel.
    """
    fitting = _fitting_gpu(device, cost) if device.type == "cuda" else _fitting_cpu(cost)
    return min(fitting, most_pixels(cost))


def most_pixels(cost: PassCost) -> int:
    """Pixels that no pass may exceed, whatever memory there is.

    Args:
        cost: What the model takes for each pixel.
    """
    return MOST_ELEMENTS // cost.elements_per_pixel


def _fitting_gpu(device: torch.device, cost: PassCost) -> int:
    free, _ = torch.cuda.mem_get_info(device)
    fewest, most = CUDA_PIXELS
    return min(max(int((free - CUDA_FREE_BYTES) / (CUDA_MARGIN * cost.bytes_per_pixel)), fewest), most)


def _fitting_cpu(cost: PassCost) -> int:
    return min(CPU_PIXELS, CPU_BYTES // cost.bytes_per_pixel)
