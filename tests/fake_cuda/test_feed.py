"""Batches made on a GPU never wait for it, and nothing crosses the bus for them."""


def test_a_batch_is_made_on_the_device_without_waiting(facts):
    feed = facts["feed"]
    assert (feed["device"], feed["shape"]) == ("cuda", [8, 3, 64, 64])
    assert feed["view"] == [8, 3, 64, 64]
    assert feed["has_reference"]
    assert feed["events"] == []
