"""A codebook is started on the data, counted and revived."""

import pytest
import torch

from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.training.codes import CodeCounts, kmeans_init, perplexity, restart_dead_codes, usage


def test_perplexity_is_the_number_of_codes_that_are_used_evenly():
    torch.testing.assert_close(perplexity(torch.tensor([3.0, 3, 3, 0])), torch.tensor(3.0), rtol=1e-4, atol=0)


def test_codes_start_on_the_centers_of_clusters():
    centers = torch.tensor([[0.0, 0], [10, 0], [0, 10]])
    tokens = centers.repeat(40, 1) + 0.01 * torch.randn(120, 2)
    latent = tokens.T.reshape(1, 2, 10, 12)
    book = Codebook(3, 2)
    for seed in range(5):
        kmeans_init(book, latent, torch.Generator().manual_seed(seed))
        if torch.cdist(centers, book.weight).min(1).values.max() < 0.1:
            return
    raise AssertionError("k-means never found the three clusters")


def test_only_codes_that_nothing_chose_are_moved_onto_latents():
    book, latent = Codebook(4, 2), 5 + torch.randn(1, 2, 3, 3)
    before = book.weight.detach().clone()
    moved = restart_dead_codes(book, torch.tensor([2.0, 0, 1, 0]), latent, torch.Generator().manual_seed(0))
    assert moved == 2
    assert torch.equal(book.weight[[0, 2]], before[[0, 2]])
    tokens = latent.movedim(1, -1).reshape(-1, 2)
    assert (torch.cdist(book.weight[[1, 3]], tokens).min(1).values < 1e-6).all()


def test_counts_add_up_and_survive_saving():
    counts = CodeCounts(torch.zeros(3))
    counts.add(torch.tensor([[[0, 2], [2, 2]]]))
    other = CodeCounts(torch.zeros(3))
    other.load_state_dict(counts.state_dict())
    assert other.values.tolist() == [1, 0, 3]


def test_usage_counts_what_was_chosen_and_what_was_not():
    numbers = usage(torch.tensor([4.0, 0.0, 4.0, 0.0]))
    assert numbers == {"perplexity": pytest.approx(2.0), "used_codes": 2.0, "dead_codes": 2.0}


def test_counts_remember_dead_codes_and_restarts():
    counts = CodeCounts(torch.zeros(4))
    counts.add(torch.tensor([[[0, 0], [2, 0]]]))
    counts.restarted += 3
    counts.clear()
    again = CodeCounts(torch.ones(4))
    again.load_state_dict(counts.state_dict())
    assert again.numbers() == {"window_dead_codes": 2.0, "restarted": 3.0}
    assert again.values.sum() == 0
    again.load_state_dict({"values": torch.ones(4)})  # as earlier runs wrote it
    assert again.numbers() == {"window_dead_codes": 0.0, "restarted": 0.0}
