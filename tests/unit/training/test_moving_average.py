"""The moving average of weights: as PyTorch's, without its wait for a GPU."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from lowlight_cli.training.weight_updates import averaged


def _net():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def test_it_is_the_mean_that_pytorch_computes():
    def blend(means, news, count):
        share = 1 - min(0.9, (1 + int(count)) / (10 + int(count)))
        torch._foreach_lerp_(means, news, share)

    net = _net()
    ours, theirs = averaged(net, 0.9), AveragedModel(net, multi_avg_fn=blend)
    for _ in range(20):
        with torch.no_grad():
            for weight in net.parameters():
                weight.add_(torch.randn_like(weight))
        net(torch.randn(8, 3))  # moves the buffers
        ours.update_parameters(net)
        theirs.update_parameters(net)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value), name


def test_the_first_weights_are_taken_as_they_are():
    net = _net()
    average = averaged(net, 0.999)
    with torch.no_grad():
        net[0].weight.fill_(2)
    average.update_parameters(net)
    assert (average.module[0].weight == 2).all()
    with torch.no_grad():
        net[0].weight.fill_(3)
    average.update_parameters(net)
    assert torch.allclose(average.module[0].weight, torch.tensor(2 + 9 / 11))
