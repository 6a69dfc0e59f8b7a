"""Other systems' formats: out and back without change, and hostile files are refused."""

import json
import time
from xml.etree import ElementTree as ET

import pytest

from dlcourse.teach.interchange import LOSS, Refused, gift, moodle, plain, qti, xapi
from dlcourse.teach.interchange.draft import draft
from dlcourse.teach.interchange.safe import LARGEST
from dlcourse.teach.progress import Progress
from dlcourse.teach.quiz import TYPES, BankError, banks, read
from dlcourse.teach.quiz.delivery import Session, items
from dlcourse.teach.quiz.programs import use_exercises
from dlcourse.topics import find_exercise

use_exercises(find_exercise)

QUESTIONS = [q for bank in banks() for q in bank.questions]
PLAIN = [plain(q, seed) for q in QUESTIONS for seed in (0, 1, 2)]
NS = "{http://www.imsglobal.org/xsd/imsqtiasi_v3p0}"


def test_the_table_of_losses_names_every_type():
    assert set(LOSS) == set(TYPES)
    assert {how for how, _, _ in LOSS.values()} == {"full", "lossy"}


def test_moodle_xml_comes_back_equal():
    assert moodle.read(moodle.export(PLAIN)) == PLAIN


def test_gift_comes_back_equal_but_for_what_it_cannot_hold():
    held = [p for p in PLAIN if p.kind in gift.KINDS]
    assert gift.read(gift.export(held)) == [gift.reduced(p) for p in held]
    assert {p.kind for p in PLAIN} - {p.kind for p in held} == {"order"}


def test_gift_says_what_it_leaves_out():
    order = next(p for p in PLAIN if p.kind == "order")
    assert "no questions of the kind order" in gift.export([order])


def test_moodle_finds_its_own_elements():
    tree = ET.fromstring(moodle.export(PLAIN).split("\n", 1)[1])
    kinds = {q.get("type") for q in tree.findall("question")}
    assert kinds >= {"multichoice", "numerical", "shortanswer", "matching", "essay", "category"}
    for q in tree.findall("question"):
        if q.get("type") == "multichoice":
            shares = [float(a.get("fraction")) for a in q.findall("answer")]
            assert sum(s for s in shares if s > 0) == pytest.approx(100, abs=0.01)
            assert all(a.findtext("feedback/text") for a in q.findall("answer"))
        if q.get("type") == "numerical":
            assert float(q.findtext("answer/tolerance")) >= 0


def test_formulas_reach_moodle_in_its_own_delimiters():
    one = next(p for p in PLAIN if p.id == "bp.fan.square")
    text = ET.fromstring(moodle.export([one]).split("\n", 1)[1]).findtext(
        "question[@type='numerical']/questiontext/text"
    )
    assert r"\\(y = a \cdot a" in text
    assert "$" not in text


@pytest.mark.parametrize("one", PLAIN[::3], ids=lambda p: p.id)
def test_qti_items_are_whole(one):
    root = ET.fromstring(qti.export(one).split("\n", 1)[1])
    assert root.tag == f"{NS}qti-assessment-item"
    assert root.get("identifier") == one.id
    declared = root.find(f"{NS}qti-response-declaration")
    asked = [e for e in root.iter() if e.get("response-identifier")]
    assert [e.get("response-identifier") for e in asked] == [declared.get("identifier")]
    known = {e.get("identifier") for e in root.iter() if e.tag.endswith(("choice",))}
    values = [v.text for v in declared.iter(f"{NS}qti-value")]
    assert values or one.kind == "essay"
    for value in values:
        if declared.get("base-type") in ("identifier", "directedPair"):
            assert set(value.split()) <= known
    modal = {e.get("identifier") for e in root.iter(f"{NS}qti-modal-feedback")}
    assert {f"A{i}" for i, a in enumerate(one.answers) if a.feedback} <= modal
    outcomes = {e.get("identifier") for e in root.iter(f"{NS}qti-outcome-declaration")}
    assert outcomes == {"SCORE", "FEEDBACK"}


def test_qti_marks_numbers_within_their_tolerance():
    one = next(p for p in PLAIN if p.kind == "number")
    root = ET.fromstring(qti.export(one).split("\n", 1)[1])
    equal = next(root.iter(f"{NS}qti-equal"))
    assert equal.get("tolerance-mode") == "relative"
    assert float(equal.get("tolerance").split()[0]) == pytest.approx(100 * one.tolerance)


def test_xapi_statements_say_who_answered_what_and_how(tmp_path):
    log = Progress(tmp_path / "p.sqlite")
    bank = next(b for b in banks() if b.name.startswith("02"))
    asked = [bank["bp.fan.square"], bank["bp.chain.direction"], bank["bp.sum.step"]]
    s = Session(items(bank, asked, log.learner), log)
    for i, item in enumerate(s.items):
        s.answer(i, item.question.to_page(item.at, item.question.key(item.at)), "sure", 12.5)
    s.answer(0, "1e9")
    lines = [json.loads(line) for line in xapi.export(log).splitlines()]
    assert [x["result"]["success"] for x in lines] == [True, True, True, False]
    kinds = [x["object"]["definition"]["interactionType"] for x in lines]
    assert kinds == ["numeric", "choice", "sequencing", "numeric"]
    first = lines[0]
    assert first["verb"]["id"] == "http://adlnet.gov/expapi/verbs/answered"
    assert first["actor"]["account"]["name"] == log.learner
    assert first["result"]["duration"] == "PT12.5S"
    assert first["result"]["score"]["scaled"] == 1
    assert len(first["id"]) == 36
    assert len({x["id"] for x in lines}) == 4


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
XML = '<?xml version="1.0"?>'
STEM = (
    "<quiz><question type='essay'><name><text>x</text></name>"
    "<questiontext><text>{}</text></questiontext></question></quiz>"
)
HOSTILE = {
    "external entity": (
        f'{XML}<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]>{STEM.format("&x;")}',
        "document type",
    ),
    "billion laughs": (
        f'{XML}<!DOCTYPE q [<!ENTITY l0 "ha">{LAUGHS}]>{STEM.format("&l9;")}',
        "document type",
    ),
    "external type": (f'{XML}<!DOCTYPE quiz SYSTEM "http://127.0.0.1/x.dtd"><quiz/>', "document"),
    "script": (STEM.format("&lt;script&gt;alert(1)&lt;/script&gt;"), "could run"),
    "handler": (STEM.format("&lt;img src=x onerror=alert(1)&gt;"), "could run"),
    "address": (STEM.format("[a](javascript:alert(1))"), "could run"),
    "frame": (STEM.format("<![CDATA[<iframe src='//x'></iframe>]]>"), "could run"),
    "depth": ("<quiz>" + "<a>" * 5000 + "</a>" * 5000 + "</quiz>", "nests"),
    "parts": ("<quiz>" + "<a/>" * 250_000 + "</quiz>", "nests"),
    "no xml": ("quiz: yes", "well-formed"),
    "cut off": ("<quiz><question>", "well-formed"),
    "other root": ("<html></html>", "root"),
    "other type": ("<quiz><question type='calculated'/></quiz>", "calculated"),
    "fifty megabytes": (b"<quiz>" + b" " * 50_000_000 + b"</quiz>", "MB"),
    "other coding": ("<quiz>é</quiz>".encode("utf-16"), "UTF-8"),
    "binary": (b"PK\x03\x04\x00\x00", "not a text"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused_at_once_with_the_reason(kind):
    source, reason = HOSTILE[kind]
    start = time.process_time()
    with pytest.raises(Refused, match=reason):
        moodle.read(source)
    assert time.process_time() - start < 10  # no hang; it takes a fraction of a second


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("::a::[markdown]What? {=<script>x</script> ~b}", "could run"),
        ("What is it? {=a ~b}", "no name"),
        ("::a::What is it?", "no answers"),
        ("::a::How many? {#=many:0}", "not a number"),
        ("x" * (LARGEST + 1), "MB"),
    ],
)
def test_hostile_and_broken_gift_is_refused(text, reason):
    with pytest.raises(Refused, match=reason):
        gift.read(text)


def test_gift_written_by_others_is_read():
    text = """
// a comment
$CATEGORY: things

::sum::What is 1\\+1? {
=2 #right
~3 #too many
~1
}

::both:: Choose {~%50%a ~%50%b ~%-100%c}

::size::How long? {#=3.5:0.1#yes =%0%7#no}

::pairs::Match {=a -> 1 =b -> 2}
"""
    one, both, size, pairs = gift.read(text)
    assert [(a.text, a.share, a.feedback) for a in one.answers] == [
        ("2", 1.0, "right"),
        ("3", 0.0, "too many"),
        ("1", 0.0, ""),
    ]
    assert [a.share for a in both.answers] == [0.5, 0.5, -1]
    assert (size.kind, size.answers[0].text, size.answers[1].feedback) == ("number", "3.5", "no")
    assert [(a.text, a.partner) for a in pairs.answers] == [("a", "1"), ("b", "2")]


def test_an_import_becomes_a_draft_that_says_what_is_missing():
    kinds = ("type:single", "type:multi", "type:numeric")
    full = [p for p in PLAIN[::3] if set(kinds) & set(p.tags)]
    bank = read(draft(full, "02-backpropagation"))
    assert [q.id for q in bank.questions] == [p.id for p in full]
    assert {q.status for q in bank.questions} == {"draft"}
    foreign = gift.read("::t.sum::What? {=2 ~3}")
    with pytest.raises(BankError) as refused:
        read(draft(foreign, "02-backpropagation"))
    assert any("wrong.0.feedback" in p.field for p in refused.value.problems)
