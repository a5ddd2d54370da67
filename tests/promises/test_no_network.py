"""Promise: nothing reaches out to a network; the whole suite runs with connections refused."""

import socket

import pytest


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_connections_to_other_machines_are_refused_in_tests(method):
    with socket.socket() as door, pytest.raises(PermissionError, match="tried to reach"):
        getattr(door, method)(("192.0.2.1", 80))


def test_connections_inside_the_machine_are_not(tmp_path):
    with socket.socket() as server, socket.socket() as door:
        server.bind(("127.0.0.1", 0))
        server.listen()
        door.connect(server.getsockname())


def test_a_photo_is_enhanced_without(run_lle, make_picture, tmp_path):
    run = run_lle("enhance", make_picture(tmp_path / "a.png"), "-o", tmp_path / "b.png", "--device", "cpu")
    assert run.code == 0, run.err
