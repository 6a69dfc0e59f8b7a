"""What a question bank must keep to: small rules whose findings name file, line and cure."""

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from .. import misconceptions
from ..syllabus import Lesson
from .bank import Bank, line_of
from .choices import Multi, _Choice
from .formula import FormulaError
from .parts import APPLIED, Question, Seed
from .programs import Code

SEEDS = 200
FEEDBACK = 60  # characters a refutation needs at least
_STEM_WORDS, _FEEDBACK_WORDS, _SENTENCE_WORDS = 90, 70, 22


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, which, and what to do."""

    file: str
    line: int
    question: str
    rule: str
    says: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.question}: [{self.rule}] {self.says} {self.cure}"


@dataclass(frozen=True)
class Subject:
    """A bank under the lint, with the syllabus it belongs to."""

    bank: Bank
    syllabus: tuple[Lesson, ...] = ()

    @cached_property
    def objectives(self) -> dict[str, int]:
        """Every objective of the course with the number of the lesson that teaches it."""
        return {o: i for i, lesson in enumerate(self.syllabus) for o in lesson.objectives}

    @cached_property
    def place(self) -> int:
        """The number of this bank's lesson."""
        ids = [lesson.id for lesson in self.syllabus]
        return ids.index(self.bank.lesson) if self.bank.lesson in ids else len(ids)

    @cached_property
    def text(self) -> str:
        """The file's text, for line numbers."""
        file = self.bank.file
        return file.read_text(encoding="utf-8") if file and file.is_file() else ""

    def line(self, question: Question | None) -> int:
        """The line where a question starts."""
        if question is None:
            return 1
        return line_of(self.text, ("questions", self.bank.questions.index(question)))


Broken = Iterator[tuple[str, str]]  # what is wrong, and the cure
Rule = Callable[[Subject, Question], Broken]
_RULES: dict[str, Rule] = {}


def _rule(check: Rule) -> Rule:
    _RULES[check.__name__.strip("_").replace("_", "-")] = check
    return check


def lint(bank: Bank, syllabus: Iterable[Lesson] = ()) -> list[Finding]:
    """Every finding of one bank, in the order of its questions."""
    subject = Subject(bank, tuple(syllabus))
    found = [f for q in bank.questions for f in _of_question(subject, q)]
    whole = ((None, rule, *broken) for rule, check in _WHOLE.items() for broken in check(subject))
    return found + [_finding(subject, *parts) for parts in whole]


def _of_question(subject: Subject, question: Question) -> Iterator[Finding]:
    for name, check in _RULES.items():
        try:
            for says, cure in check(subject, question):
                yield _finding(subject, question, name, says, cure)
        except FormulaError as error:
            yield _finding(subject, question, "formula", str(error), "Mend the formula.")
            return


def _finding(subject: Subject, q: Question | None, rule: str, says: str, cure: str) -> Finding:
    file = str(subject.bank.file or subject.bank.name)
    return Finding(file, subject.line(q), q.id if q else "bank", rule, says, cure)


def _seeds(question: Question, count: int = SEEDS) -> range:
    return range(1 if isinstance(question, Code) else count if question.params else 1)


# Rules on one question -------------------------------------------------------------------


@_rule
def _formulas(subject: Subject, q: Question) -> Broken:
    for text in q.texts():
        q.at(0).fill(text)
    yield from ()


@_rule
def _refuted(subject: Subject, q: Question) -> Broken:
    at = q.at(0)
    for mistake, _ in q.mistakes(at):
        says = at.fill(mistake.feedback)
        if len(says) < FEEDBACK:
            yield (
                f"The feedback “{says[:40]}” has {len(says)} characters.",
                f"Say why it is wrong and where to look, in {FEEDBACK} characters or more.",
            )
        if len(says.split()) > _FEEDBACK_WORDS:
            yield f"A feedback has {len(says.split())} words.", f"Keep to {_FEEDBACK_WORDS}."


@_rule
def _misconception_exists(subject: Subject, q: Question) -> Broken:
    known = misconceptions.ids()
    for mistake, _ in q.mistakes(q.at(0)):
        if mistake.misconception not in known:
            cure = "Use an id of misconceptions.yaml, or add the entry there."
            yield f"{mistake.misconception} is not in the catalogue.", cure


@_rule
def _secret(subject: Subject, q: Question) -> Broken:
    """No feedback or hint may give the key away."""
    told: Counter[str] = Counter()
    for seed in _seeds(q, 20):
        at = q.at(seed)
        key = q.key_text(at)
        texts = [*(m.feedback for m, _ in q.mistakes(at)), *q.hints]
        told.update(t for t in texts if key and _mentions(at.fill(t), key))
    for text, count in told.items():
        if count > len(_seeds(q, 20)) / 2:
            yield (
                f"“{text[:50]}...” tells the key.",
                "Say why the answer is wrong, not what is right.",
            )


def _mentions(text: str, key: str) -> bool:
    plain = key.strip("$`. ")
    return bool(plain) and re.search(rf"(?<![\w.]){re.escape(plain)}(?![\w.]*\w)", text) is not None


@_rule
def _graded_apart(subject: Subject, q: Question) -> Broken:
    """For every seed the key passes, and each mistake is diagnosed as itself."""
    for seed in _seeds(q):
        at = q.at(seed)
        if q.auto and not q.judge(at, q.key(at)).correct:
            yield f"With seed {seed} the key itself does not pass.", "Mend `answer`."
            return
        for mistake, response in q.mistakes(at):
            verdict = q.judge(at, response)
            if verdict.correct or verdict.diagnosis != mistake.misconception:
                said = verdict.diagnosis or verdict.state
                yield (
                    f"With seed {seed} the answer of {mistake.misconception} counts as {said}.",
                    "Change the formulas or the parameters so that the answers stay apart.",
                )
                return


@_rule
def _alike_lengths(subject: Subject, q: Question) -> Broken:
    for texts in _option_texts(q):
        lengths = [len(t) for t in texts]
        if max(lengths) > 2 * max(min(lengths), 12):
            cure = "Bring the options to within a factor of two, or the longest is taken for right."
            yield f"The options have {min(lengths)} to {max(lengths)} characters.", cure


@_rule
def _different_options(subject: Subject, q: Question) -> Broken:
    for texts in _option_texts(q):
        if len({t.strip().casefold() for t in texts}) < len(texts):
            yield "Two options say the same.", "Change one of them."


@_rule
def _no_catch_all(subject: Subject, q: Question) -> Broken:
    for text in (t for texts in _option_texts(q) for t in texts):
        if re.search(r"\b(all|none|both) of (the above|these|them)\b", text, re.IGNORECASE):
            yield f"The option “{text}” is a catch-all.", "Replace it by a real answer."


def _option_texts(q: Question) -> list[list[str]]:
    at = q.at(0)
    if isinstance(q, _Choice):
        return [[at.fill(o.text) for _, o in q.options(at)]]
    return [[at.fill(o.text) for _, o in q.options(at)]] if isinstance(q, Multi) else []


@_rule
def _key_moves(subject: Subject, q: Question) -> Broken:
    """Over the seeds the key stands at each place about equally often."""
    if not isinstance(q, _Choice) or q.keep_order:
        return
    places = Counter(q.to_page(q.at(seed), "right") for seed in range(SEEDS))
    fair = SEEDS / (1 + len(q.wrong))
    if max(places.values()) > 1.6 * fair or len(places) <= len(q.wrong):
        yield f"The key stands at {dict(places)} over {SEEDS} seeds.", "Give it another id."


@_rule
def _latex(subject: Subject, q: Question) -> Broken:
    for text in q.texts():
        wrong = _unbalanced(q.at(0).fill(text))
        if wrong:
            yield f"{wrong} in “{text.strip()[:50]}”.", "Balance the formula's signs."


def _unbalanced(text: str) -> str | None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    if len(re.findall(r"(?<!\\)\$", prose)) % 2:
        return "An odd number of $"
    for formula in re.findall(r"(?<!\\)\$\$?(.+?)\$\$?", prose, flags=re.DOTALL):
        bare = formula.replace(r"\{", "").replace(r"\}", "")
        if bare.count("{") != bare.count("}"):
            return "Unbalanced braces"
        if formula.count(r"\left") != formula.count(r"\right"):
            return r"A \left without its \right"
    return None


@_rule
def _no_raw_markup(subject: Subject, q: Question) -> Broken:
    for text in q.texts():
        prose = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", "", text, flags=re.DOTALL)
        tag = re.search(r"</?[a-zA-Z][^>]*>", prose)
        if tag:
            yield f"The tag {tag[0]} would be shown as text.", "Write Markdown."


@_rule
def _described(subject: Subject, q: Question) -> Broken:
    if q.figure and len(q.figure.alt) < 20:
        yield "The figure's alt text is too short.", "Say what is to be seen, in a sentence."


@_rule
def _readable(subject: Subject, q: Question) -> Broken:
    words = len(q.stem.split())
    if words > _STEM_WORDS:
        yield f"The stem has {words} words.", f"Keep to {_STEM_WORDS}."
    prose = re.sub(r"```.*?```|\$[^$]*\$|`[^`]*`", "x", q.stem, flags=re.DOTALL)
    lengths = [len(s.split()) for s in re.split(r"[.?!:;]\s", prose) if s.strip()]
    if statistics.median(lengths) > _SENTENCE_WORDS:
        yield f"Half of the sentences exceed {_SENTENCE_WORDS} words.", "Cut them in two."


@_rule
def _helped(subject: Subject, q: Question) -> Broken:
    if not 1 <= len(q.hints) <= 3:
        yield f"There are {len(q.hints)} hints.", "Give one to three, each a step further."


@_rule
def _taught(subject: Subject, q: Question) -> Broken:
    """Objectives belong to this lesson; what is required was taught before or here."""
    if not subject.syllabus:
        return
    for name in (*q.objectives, *q.requires):
        if name not in subject.objectives:
            yield f"No lesson has the objective {name}.", "Mend it, or add it to syllabus.yaml."
        elif subject.objectives[name] > subject.place:
            yield f"{name} is taught later than {subject.bank.lesson}.", "Move the question."


# Rules on the bank -----------------------------------------------------------------------

_WHOLE: dict[str, Callable[[Subject], Broken]] = {}


def _whole(check: Callable[[Subject], Broken]) -> Callable[[Subject], Broken]:
    _WHOLE[check.__name__.strip("_").replace("_", "-")] = check
    return check


@_whole
def _covered(subject: Subject) -> Broken:
    """Each objective of the lesson has two questions or more, one of them application."""
    mine = [o for o, i in subject.objectives.items() if i == subject.place]
    for name in mine:
        asking = [q for q in subject.bank.questions if name in q.objectives and q.status == "live"]
        if len(asking) < 2 or not any(q.bloom in APPLIED for q in asking):
            applied = sum(q.bloom in APPLIED for q in asking)
            yield (
                f"{name} has {len(asking)} questions, {applied} of them application.",
                "Add questions until there are two, one of them `bloom: apply` or above.",
            )


@_whole
def _not_the_longest(subject: Subject) -> Broken:
    choices = [q for q in subject.bank.questions if isinstance(q, _Choice)]
    longest = [
        q.id for q in choices if all(len(q.answer.text) > 1.1 * len(w.text) for w in q.wrong)
    ]
    if len(choices) >= 5 and len(longest) > 0.4 * len(choices):
        cure = "Shorten right options or lengthen wrong ones."
        yield f"The right option is the longest in {', '.join(longest)}.", cure


@_whole
def _claimed(subject: Subject) -> Broken:
    """Each misconception that the bank claims to detect is detected by two questions or more."""
    found = detects(subject.bank)
    for claim in subject.bank.claims:
        if len(found.get(claim, ())) < 2:
            asked = ", ".join(found.get(claim, ())) or "no question"
            yield f"{claim} is detected by {asked} only.", "Add a question, or drop the claim."


def detects(bank: Bank, seed: Seed = 0) -> dict[str, list[str]]:
    """Which questions of a bank can show each misconception."""
    found: dict[str, list[str]] = {}
    for q in bank.questions:
        for id in dict.fromkeys(m.misconception for m, _ in q.mistakes(q.at(seed))):
            found.setdefault(id, []).append(q.id)
    return found
