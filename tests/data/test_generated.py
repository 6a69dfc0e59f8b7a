"""The generated sets: the same for a seed, true to their own labels, no leak between parts."""

import itertools
import zlib

import numpy as np
import pytest

from dlcourse import data

SETS = [
    "moons", "circles", "spirals", "polynomials", "canvases", "films", "coloured_digits", "names",
    "dates", "sentiment", "melodies", "ratings", "ring",
]  # fmt: skip
PARTS = ("train", "valid", "test")


@pytest.mark.parametrize("name", SETS)
def test_the_seed_alone_decides(name):
    make = getattr(data, name)
    first, again, other = make(seed=0), make(seed=0), make(seed=1)
    for part in PARTS:
        a, b = getattr(first, part), getattr(again, part)
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.y, b.y)
        assert len(a) > 0
    assert first.train.x.shape != other.train.x.shape or not np.array_equal(
        first.train.x, other.train.x
    )
    assert first.name == name


def test_boxes_are_tight_around_the_masks():
    part = data.canvases().test
    for mask, boxes, kinds in zip(part.y, part["boxes"], part["kinds"], strict=True):
        for (left, top, right, bottom), kind in zip(boxes.astype(int), kinds, strict=True):
            if kind < 0:
                continue
            inside = mask[top:bottom, left:right] == kind + 1
            assert inside[0].any()
            assert inside[-1].any()
            assert inside[:, 0].any()
            assert inside[:, -1].any()
        assert (kinds >= 0).any()
        painted = np.zeros_like(mask, bool)
        for left, top, right, bottom in boxes[kinds >= 0].astype(int):
            painted[top:bottom, left:right] = True
        assert not (mask > 0)[~painted].any()


def test_the_grid_of_a_canvas_says_what_its_boxes_say():
    part = data.canvases().valid
    boxes = data.boxes_from_cells(part["places"])
    for i in range(len(part)):
        here = part["present"][i] > 0
        found = sorted(
            (*b, k) for b, k in zip(boxes[i][here], part["labels"][i][here], strict=True)
        )
        real = part["kinds"][i] >= 0
        true = sorted(
            (*b, k) for b, k in zip(part["boxes"][i][real], part["kinds"][i][real], strict=True)
        )
        np.testing.assert_allclose(found, true, atol=1e-4)


def test_scenes_of_the_test_show_digits_that_were_not_trained_on():
    films, digits = data.films(), data.digits()
    seen = {x.tobytes() for x in digits.train.x}
    for part, known in ((films.train, True), (films.test, False)):
        left, top = part["places"][0, 0]
        shown = part.x[0, 0, 0, top : top + 8, left : left + 8].reshape(64)
        assert (shown.tobytes() in seen) is known


def test_films_move_straight_on_and_stay_inside():
    part = data.films(frames=20).train
    places = part["places"]
    assert places.min() == 0
    assert places.max() == 8
    speed = np.abs(np.diff(places, axis=1))
    assert speed.max() == 2
    for place, film in zip(places[:20], part.x[:20], strict=True):
        for (left, top), frame in zip(place, film, strict=True):
            np.testing.assert_array_equal(
                frame[0, top : top + 8, left : left + 8].sum(), frame.sum()
            )


def test_the_colour_tells_in_training_and_lies_in_the_test():
    d = data.coloured_digits()
    agree = {p: np.mean(getattr(d, p)["colour"] == getattr(d, p).y) for p in PARTS}
    assert agree["train"] == pytest.approx(0.9, abs=0.03)
    assert agree["test"] == pytest.approx(0.1, abs=0.05)
    assert np.mean(d.train.y == d.train["truth"]) == pytest.approx(0.75, abs=0.04)
    np.testing.assert_array_equal(d.train["truth"], d.train["digit"] >= 5)
    red = d.train.x[d.train["colour"] == 0]
    assert red[:, 0].any()
    assert not red[:, 1:].any()


def test_dates_say_the_same_on_both_sides():
    d = data.dates()
    month = {"Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8}
    month |= {"Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12}
    for source, target in zip(d.train.x[:500], d.train.y[:500], strict=True):
        text = d.vocabulary.decode(source)
        iso = d.target_vocabulary.decode(target)[1:]
        year, m, day = map(int, iso.split("-"))
        assert str(year) in text
        assert str(day) in text
        assert any(month[name] == m for name in month if name in text) or f"{m}" in text
    days = [d.target_vocabulary.decode(y) for p in PARTS for y in getattr(d, p).y]
    assert len(set(days)) == len(days) == 6000


def test_a_ninth_is_written_with_th_and_a_third_with_rd():
    d = data.dates(count=6000)
    texts = [d.vocabulary.decode(x) for x in d.train.x]
    endings = {t.split()[1] for t in texts if t.startswith("the ")}
    assert {"1st", "2nd", "3rd", "9th", "11th", "12th", "13th", "21st", "22nd", "23rd"} <= endings
    assert not {"1th", "11st", "2th", "12nd", "13rd"} & endings


def test_sentences_are_balanced_different_and_many():
    rows = data.sentences()
    assert len(rows) >= 600
    assert sum(sign == "+" for _, sign in rows) == len(rows) / 2
    assert len({text.lower() for text, _ in rows}) == len(rows)
    assert {sign for _, sign in rows} == {"+", "-"}
    assert all(text[0].isupper() and text[-1] in ".?" for text, _ in rows)


def test_many_pairs_differ_only_in_the_order_of_their_words():
    rows = data.sentences()
    bags = {}
    for text, sign in rows:
        bag = tuple(sorted(text.lower().replace(",", "").replace(".", "").split()))
        bags.setdefault(bag, set()).add(sign)
    assert sum(len(signs) == 2 for signs in bags.values()) > 100


@pytest.mark.parametrize("seed", range(3))
def test_no_pair_of_sentences_is_torn_between_parts(seed):
    d = data.sentiment(seed)
    for part in PARTS:
        assert np.mean(getattr(d, part).y) == 0.5  # pairs stay together, so each part is balanced
    assert (d.train.x != 1).all()  # the rare word occurs in training nowhere
    assert (d.test.x == 1).any()


def test_melodies_keep_their_rules_and_differ():
    d = data.melodies()
    tunes = np.concatenate([getattr(d, p).x for p in PARTS])
    assert len(np.unique(tunes, axis=0)) == len(tunes) == 2000
    assert not any(data.broken_rules(t) for t in tunes)
    np.testing.assert_array_equal(d.train.y[:, :-1], d.train.x[:, 1:])


@pytest.mark.parametrize(
    ("place", "note", "rule"),
    [(0, 3, "begins on C"), (28, 5, "ends on C"), (4, 9, "no leap beyond a fourth"),
     (16, 3, "bar 3 repeats bar 1")],
)  # fmt: skip
def test_a_wrong_note_breaks_its_rule(place, note, rule):
    tune = data.melodies().train.x[0].copy()
    tune[place] = note
    assert rule in data.broken_rules(tune)


def test_a_tune_sounds_at_its_pitch_and_length():
    wave = data.sound([7, 0, 0, 0], eighth=0.25, rate=8000)  # an A of 440 Hz for a second
    assert len(wave) == 8000
    assert np.abs(wave).max() <= 1
    assert np.abs(np.fft.rfft(wave)).argmax() == 440
    assert not data.sound([0, 0]).any()


def test_the_truth_behind_ratings_can_be_learned():
    d = data.ratings()
    assert d.train.y.min() >= 0.5
    assert d.train.y.max() <= 5
    assert set(np.unique(d.train.y * 2 % 1)) == {0}
    pairs = np.concatenate([getattr(d, p).x for p in PARTS])
    assert len(np.unique(pairs, axis=0)) == len(pairs) == 6000
    by_thing = np.array([d.train.y[d.train.x[:, 1] == t].mean() for t in range(120)])
    known = by_thing[d.test.x[:, 1]]
    ok = np.isfinite(known)
    assert np.var(d.test.y[ok] - known[ok]) < np.var(d.test.y[ok])


def test_prose_is_the_same_everywhere():
    text = data.prose()
    assert zlib.crc32((text.train + text.valid + text.test).encode()) == 1260384152
    assert len(text.vocabulary) == 94
    assert text.vocabulary.decode(text.vocabulary.encode(text.valid)) == text.valid


def test_windows_show_what_comes_next_and_cover_the_text():
    ids = np.arange(1000)
    windows = data.Windows(ids, 20, 8, seed=1)
    batches = list(windows.epoch(3))
    for x, y in batches:
        np.testing.assert_array_equal(y, x + 1)
        np.testing.assert_array_equal(np.diff(x), 1)
    seen = np.concatenate([x.ravel() for x, _ in batches])
    assert len(np.unique(seen)) == len(seen) >= 940
    np.testing.assert_array_equal(next(windows.epoch(3))[0], batches[0][0])
    assert not np.array_equal(next(windows.epoch(4))[0], batches[0][0])
    assert len(data.Windows(ids, 20, 8, steps=2)) == len(list(data.Windows(ids, 20, 8, steps=2)))


def test_a_text_shorter_than_its_windows_is_refused():
    with pytest.raises(ValueError, match="too few"):
        data.Windows(np.arange(30), 20, 8)


def test_hiding_asks_only_for_what_is_hidden():
    x = np.arange(200).reshape(10, 20)
    hidden, wanted = data.hide(999, share=0.2)(np.random.default_rng(0), (x,))
    gaps = hidden == 999
    assert 0.1 < gaps.mean() < 0.35
    assert gaps.any(1).all()
    np.testing.assert_array_equal(wanted[gaps], x[gaps])
    assert (wanted[~gaps] == -100).all()
    np.testing.assert_array_equal(hidden[~gaps], x[~gaps])


def test_noise_and_steps_are_added_to_a_batch():
    batch = (np.zeros((5000, 3), np.float32),)
    x, t, noise = data.with_steps_and_noise(7, 3)(np.random.default_rng(0), batch)
    assert set(t) == set(range(7))
    assert noise.shape == x.shape
    assert noise.dtype == np.float32
    assert noise.std() == pytest.approx(1, abs=0.03)


def test_names_are_filled_up_on_the_left():
    d = data.names()
    assert "GREEK SMALL LETTER PI" in {
        d.vocabulary.decode(x) for p in PARTS for x in getattr(d, p).x
    }
    started = d.train.x > 0
    assert (np.diff(started.astype(int), axis=1) >= 0).all()


def test_an_unknown_symbol_is_refused():
    with pytest.raises(KeyError):
        data.Vocabulary.of("abc").encode("abd")


def test_every_set_has_a_card_and_every_card_a_set():
    loaders = {n for n in data.cards() if data.card(n).offline}
    made = {"digits", "breast_cancer", "wine", "iris", "diabetes", "photographs", "prose"}
    assert loaders == made | set(SETS)
    for name in data.cards():
        card = data.card(name)
        assert callable(getattr(data, name))
        assert card.flaws
        assert all(len(getattr(card, row)) > 8 for row in ("what", "size", "source", "made"))
        assert repr(card).startswith(card.title)
        assert card.markdown() == card._repr_markdown_()
    with pytest.raises(KeyError, match="there are"):
        data.card("cats")


def test_cards_state_the_sizes_there_are():
    assert f"{len(data.sentences())} sentences" in data.card("sentiment").size
    text = data.prose()
    assert f"{len(text.train + text.valid + text.test):,} characters" in data.card("prose").size
    names = sum(len(getattr(data.names(), p)) for p in PARTS)
    assert f"{names:,} names" in data.card("names").size
    pairs = len({i for i, _ in itertools.groupby(_groups()) if i.startswith("pair")})
    assert f"{pairs} pairs" in data.card("sentiment").made


def _groups():
    from dlcourse.data import text

    return [line.split("\t")[0] for line in text._lines("sentiment.tsv")]
