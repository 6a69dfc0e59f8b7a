"""The catalogue of misconceptions: complete, in plain words, honest about harm."""

from collections import Counter

import pytest

from dlcourse.teach import misconceptions

HONEST = [
    "C-02",
    "C-03",
    "B-08",
    "B-13",
    "O-06",
    "O-07",
    "O-09",
    "D-01",
    "D-07",
    "D-08",
    "T-02",
    "V-11",
    "G-03",
    "G-10",
    "G-13",
    "G-18",
    "X-01",
    "I-04",
    "I-13",
]
_ROOMS = [
    "T9",
    "N13",
    "C15",
    "B36",
    "O17",
    "D14",
    "R17",
    "V13",
    "S12",
    "A16",
    "G20",
    "X9",
    "H10",
    "I16",
    "W9",
]
SIZES = {room[0]: int(room[1:]) for room in _ROOMS}


def test_it_holds_every_room_in_unbroken_order():
    rooms = Counter(id[0] for id in misconceptions.ids())
    assert all(rooms[room] >= size for room, size in SIZES.items())
    wanted = [f"{room}-{n:02}" for room, size in rooms.items() for n in range(1, size + 1)]
    assert list(misconceptions.ids()) == wanted


@pytest.mark.parametrize("id", misconceptions.ids())
def test_each_entry_says_what_is_believed_and_what_is_right(id):
    entry = misconceptions.get(id)
    for text in (entry.belief, entry.right, entry.symptom):
        assert text.endswith("."), text
    assert 3 <= len(entry.name) <= 60
    assert entry.belief != entry.right


def test_what_our_data_do_not_show_is_labelled_so():
    for id in HONEST:
        assert misconceptions.get(id).harm in ("absent", "reversed"), id


def test_an_unknown_id_names_the_catalogue():
    with pytest.raises(KeyError, match=r"misconceptions\.yaml"):
        misconceptions.get("Z-99")
