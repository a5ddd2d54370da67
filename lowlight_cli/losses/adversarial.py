"""Hinge losses of a critic and of the network it judges.

Source: Lim and Ye, "Geometric GAN", 2017.
"""

from torch.nn.functional import relu

from lowlight_cli.tensors import Features, Scalar


def fool(verdict: Features) -> Scalar:
    """Loss of the generator: minus the mean verdict on what it made."""
    return -verdict.mean()


def hinge(real: Features, made: Features) -> Scalar:
    """Loss of the critic: real above 1, made below -1."""
    return relu(1 - real).mean() + relu(1 + made).mean()
