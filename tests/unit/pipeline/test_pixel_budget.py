"""Threads that share a limit on pixels: in order, within the limit, and never stuck."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lowlight_cli.pipeline.pixel_budget import PixelBudget

PATIENCE_S = 30


@pytest.mark.parametrize("seed", range(5))
def test_pixels_stay_within_the_limit_and_images_come_in_order(seed):
    rng = random.Random(seed)
    sizes = [rng.choice([0, 1, 3, 7, 10, 25]) for _ in range(200)]  # 25 is more than the limit
    budget, limit, lock = PixelBudget(10), 10, threading.Lock()
    held, begun = [], []

    def read(index):
        assert budget.take(index, sizes[index])
        with lock:
            held.append(sizes[index])
            begun.append(index)
            assert sum(held) <= limit or len(held) == 1
        return index

    with ThreadPoolExecutor(7) as pool:
        for index, reading in enumerate([pool.submit(read, index) for index in range(len(sizes))]):
            assert reading.result(PATIENCE_S) == index
            with lock:
                held.remove(sizes[index])
            budget.give_back(index)
    assert sorted(begun) == list(range(200))


def test_an_image_waits_for_those_before_it():
    budget, later = PixelBudget(10), threading.Event()
    thread = threading.Thread(target=lambda: budget.take(1, 1) and later.set())
    thread.start()
    assert not later.wait(0.05)
    assert budget.take(0, 1)
    assert later.wait(PATIENCE_S)
    thread.join()


def test_closing_wakes_those_that_wait_and_refuses_the_rest():
    budget = PixelBudget(10)
    assert budget.take(0, 10)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(budget.take, index, 5) for index in (1, 3)]
        budget.close()
        assert [each.result(PATIENCE_S) for each in waiting] == [False, False]
    assert not budget.take(2, 1)
