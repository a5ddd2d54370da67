"""Losses of a critic and of the network it judges, with hinges or with logarithms.

Source: Lim and Ye, "Geometric GAN", 2017; Goodfellow et al., "Generative Adversarial Nets", 2014, eq. 1.
"""

from torch import Tensor
from torch.nn.functional import relu, softplus

from lowlight_cli.tensors import Features, Scalar


def generator_loss(verdict: Features) -> Scalar:
    """Loss of the generator: minus the mean verdict on what it made."""
    return -verdict.mean()


def hinge(real: Features, made: Features) -> Scalar:
    """Loss of the critic: real above 1, made below -1."""
    return relu(1 - real).mean() + relu(1 + made).mean()


def logistic(real: Tensor, made: Tensor) -> Scalar:
    """Loss of the critic: ``-log D(real) - log(1 - D(made))``, D being the sigmoid of the verdicts."""
    return softplus(-real).mean() + softplus(made).mean()


def logistic_generator_loss(made: Tensor, *, saturating: bool = False) -> Scalar:
    """Loss of the generator: ``-log D(made)``, or ``log(1 - D(made))`` where it may saturate."""
    return -softplus(made).mean() if saturating else softplus(-made).mean()
