"""Numbers of a step are means over the parts of its batch."""

import torch

from lowlight_cli.training.part_means import PartMeans


def test_each_number_is_the_mean_over_the_parts():
    numbers = PartMeans()
    numbers.add({"loss": torch.tensor(1.0, requires_grad=True), "share": 0.5})
    numbers.add({"loss": torch.tensor(4.0, requires_grad=True), "share": 0.25, "late": torch.tensor(3.0)})
    found = numbers.means()
    assert {name: float(value) for name, value in found.items()} == {
        "loss": 2.5,
        "share": 0.375,
        "late": 1.5,  # zero in the part that lacks it
    }
    assert not found["loss"].requires_grad


def test_one_part_keeps_its_numbers():
    loss = torch.tensor(0.1, requires_grad=True)
    numbers = PartMeans()
    numbers.add({"loss": loss})
    assert torch.equal(numbers.means()["loss"], loss)
    assert not numbers.means()["loss"].requires_grad
