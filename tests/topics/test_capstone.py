"""The street films and the measures of lesson 12 are what they say they are."""

import numpy as np
import pytest

from dlcourse import data, scratch
from dlcourse.teach.twins import compare
from dlcourse.topics.capstone import figures, study

CLEAR = study.Street(noise=(0.0, 0.0), vans=0.0)


@pytest.fixture(scope="module")
def street():
    return study.street(3, (30, 10, 20))


@pytest.fixture(scope="module")
def clear():
    return study.street(3, (1, 1, 20), CLEAR).test


def test_films_are_drawn_anew_from_the_same_seed_alone(street):
    again, other = study.street(3, (30, 10, 20)), study.street(4, (30, 10, 20))
    assert np.array_equal(street.train.x, again.train.x)
    assert not np.array_equal(street.train.x, other.train.x)
    assert street.train.x.shape == (30, 12, 1, 16, 16)
    assert street.train.x.min() >= 0
    assert street.train.x.max() <= 1


def test_the_parts_share_no_handwriting(street):
    cut = data.digits(3)
    pairs = zip((street.train, street.test), (cut.train, cut.test), strict=True)
    a, b = ({pool.x[i].tobytes() for i in part["image"]} for part, pool in pairs)
    assert not a & b


def test_the_truth_is_the_centre_of_the_ink(clear):
    assert np.allclose(study.centre_of_mass(clear.x[:, :, 0].astype(float)), clear.y, atol=1e-3)


def test_no_ink_is_lost_between_pixels(clear):
    ink = clear.x.sum((2, 3, 4))
    assert np.allclose(ink, ink[:, :1], rtol=1e-3)


def test_what_is_hidden_is_hidden(street):
    assert not street.train["hidden"][~street.train["van"]].any()
    assert street.train["hidden"].max() <= 1
    assert street.train["van"].any()


def test_a_straight_line_is_folded_back():
    line = np.array([-1.0, 0.0, 3.0, 8.0, 9.5, 16.0, 17.0])
    assert np.allclose(study.fold(line), [1, 0, 3, 8, 6.5, 0, 1])


def test_the_rule_is_exact_where_nothing_turns():
    seen = np.array([2.0, 1.0]) + np.arange(8)[:, None] * [0.5, 0.25]
    for frames in (2, 4):
        ahead = study.onwards(seen[None], frames)
        assert np.allclose(ahead[0], seen[-1] + np.arange(5)[:, None] * [0.5, 0.25])


def test_an_empty_frame_repeats_the_last_place():
    film = np.zeros((1, 3, 1, 16, 16))
    film[0, 1, 0, 4, 6] = 1
    found = study.centres(film, study.Rule(threshold=0.5))
    assert np.allclose(found[0], [[8, 8], [6.5, 4.5], [6.5, 4.5]])


def test_the_future_is_asked_from_each_frame(street):
    asked = study.asked(street.test)
    assert asked.y.shape == (20, 8, 5, 2)
    assert np.array_equal(asked.y[:, 2, 3], street.test.y[:, 5])


def test_a_perfect_answer_misses_nothing_and_is_not_surprised(street):
    asked = study.asked(street.test)
    assert study.misses(asked.y[:, -1], asked).max() == 0
    assert study.surprise(asked.y).max() == 0


def test_a_split_by_frame_flatters(street):
    films = study.street(0, (400, 1, 100))
    kinds = ("frame", "film", "film and digit")
    by_frame, by_film, by_digit = (study.nearest_frame(films, by, 150) for by in kinds)
    assert by_frame < 0.7 * min(by_film, by_digit)


@pytest.mark.parametrize(("eye", "memory"), [(True, True), (True, False), (False, True)])
def test_the_three_models_are_equal_on_both_engines(street, eye, memory):
    asked = study.asked(street.train)
    x = asked.x[:3] if eye else asked.y[:3, :, 0]
    compare(
        study.Watcher, (eye, memory), (x, asked.y[:3]), "Adam", lr=1e-3, loss=study.own_loss
    ).assert_equal()


def test_an_answer_uses_no_later_frame(street):
    model, x = study.Watcher(scratch)(), study.asked(street.test).x[:4]
    changed = x.copy()
    changed[:, 5:] = 0
    a, b = (study.predict(model, films) for films in (x, changed))
    assert np.allclose(a[:, :5], b[:, :5], atol=1e-5)
    assert not np.allclose(a[:, 5:], b[:, 5:], atol=1e-5)


def test_other_worlds_show_handwriting_of_the_test_part():
    part, cut = study.shifted(study.USUAL, count=30), data.digits(0)
    new = study.street(0, (1, 1, 30), draw=1).test
    assert np.array_equal(part["image"], new["image"])
    known = {x.tobytes() for x in cut.train.x}
    assert not known & {cut.test.x[i].tobytes() for i in part["image"]}
    assert not np.array_equal(part.x, study.asked(study.street(0, (1, 1, 30)).test).x)


def test_other_worlds_are_other(street):
    fast = study.shifted(study.SHIFTS["faster"], count=20)
    assert fast["speed"].min() > street.train["speed"].max()
    strange = study.shifted(study.SHIFTS["digits 8 and 9, never seen"], count=20)
    assert set(strange["digit"]) <= {8, 9}


def test_every_model_has_a_colour_of_its_own():
    assert len(set(figures.COLOURS.values())) == len(figures.COLOURS)


def test_the_card_has_a_heading_for_each_section():
    card = study.model_card({"Meant for": ["teaching"], "Not meant for": ["traffic"]}, "x")
    assert card.splitlines()[0] == "### Model card: x"
    assert "**Not meant for**\n\n- traffic" in card
