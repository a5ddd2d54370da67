"""Adversarial losses of a discriminator and of a generator, hinge or logistic.

Source: Lim and Ye, "Geometric GAN", 2017; Goodfellow et al., "Generative Adversarial Nets", 2014, eq. 1.
"""

from torch import Tensor
from torch.nn.functional import relu, softplus

from lowlight_cli.tensors import Features, Scalar


def generator_loss(logits: Features) -> Scalar:
    """Hinge loss of the generator: minus the mean logit of its output."""
    return -logits.mean()


def hinge(real: Features, made: Features) -> Scalar:
    """Hinge loss of the discriminator: zero for real logits above 1 and made ones below -1."""
    return relu(1 - real).mean() + relu(1 + made).mean()


def logistic(real: Tensor, made: Tensor) -> Scalar:
    """Loss of the discriminator: ``-log D(real) - log(1 - D(made))``, D being the sigmoid of a logit."""
    return softplus(-real).mean() + softplus(made).mean()


def logistic_generator_loss(made: Tensor, *, saturating: bool = False) -> Scalar:
    """Loss of the generator: ``-log D(made)``, or ``log(1 - D(made))`` if ``saturating``."""
    return -softplus(made).mean() if saturating else softplus(-made).mean()
