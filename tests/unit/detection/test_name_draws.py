"""Draws by name must never change: splits and nights that users have would be dealt anew."""

import pytest

from lowlight_cli.datasets.name_draws import drawn_bits


@pytest.mark.parametrize(
    ("name", "seed", "share", "start"),
    [
        ("a.jpg", 0, 0.4386514591737489, 46119833845237899),
        ("Bicycle/2015_00001.png", 7, 0.4397675753755406, 48014993882369867),
        ("nacht-\udcff.jpg", 0, 0.007169061303460114, 20780086177095662),
    ],
)
def test_draws_stay_as_they_were(name, seed, share, start):
    assert drawn_bits(name, seed, 8) / 2**64 == share  # decides the split
    assert drawn_bits(name, seed, 7) == start  # of the night that is drawn


def test_draws_fill_their_range():
    drawn = [drawn_bits(f"{index}.jpg", 0, 1) for index in range(4000)]

    assert set(drawn) == set(range(256))
