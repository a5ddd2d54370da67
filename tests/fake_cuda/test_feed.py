"""Batches made on a GPU never wait for it, and nothing crosses the bus for them."""


def test_a_batch_is_made_on_the_device_without_waiting(facts):
    loader = facts["feed"]
    assert (loader["device"], loader["shape"]) == ("cuda", [8, 3, 64, 64])
    assert loader["view"] == [8, 3, 64, 64]
    assert loader["has_reference"]
    assert loader["events"] == []
