"""The syllabus is ordered, complete and names only what exists."""

import pytest

from dlcourse.teach import syllabus


def test_lessons_are_numbered_in_order():
    assert [x.number for x in syllabus.lessons()] == list(range(13))


def test_a_lesson_needs_only_earlier_ones():
    seen = set()
    for lesson in syllabus.lessons():
        assert set(lesson.requires) <= seen, lesson.id
        seen.add(lesson.id)


def test_objective_ids_are_unique_and_a_written_lesson_has_three_to_seven():
    ids = [key for lesson in syllabus.lessons() for key in lesson.objectives]
    assert len(ids) == len(set(ids)) == len(syllabus.objectives())
    for lesson in syllabus.lessons():
        if lesson.written:
            assert 3 <= len(lesson.objectives) <= 7, lesson.id


@pytest.mark.parametrize("name", ["02", "02-backpropagation", "backpropagation"])
def test_a_lesson_is_found_by_any_of_its_names(name):
    assert syllabus.lesson(name).id == "02-backpropagation"


def test_an_unknown_lesson_lists_what_there_is():
    with pytest.raises(KeyError, match="02-backpropagation"):
        syllabus.lesson("backprop")
