"""Question banks: YAML of schema `dlq/1`, read fast, refused with file, line, field and cure."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .. import content
from .formula import FormulaError, names_in
from .parts import Question
from .types import TYPES

SCHEMA = "dlq/1"
_FIELDS = {"schema", "lesson", "title", "sections", "claims", "questions"}
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a bank: where it is and what to do."""

    file: str
    line: int
    field: str
    says: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.says} {self.cure}"


class BankError(ValueError):
    """A bank cannot be used; `problems` lists why, each with file, line, field and cure."""

    def __init__(self, problems: Sequence[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


@dataclass(frozen=True)
class Bank:
    """The questions of one lesson, by section."""

    name: str
    lesson: str
    title: str
    sections: dict[str, str]
    questions: tuple[Question, ...]
    file: Path | None = None
    claims: tuple[str, ...] = ()  # misconceptions that this bank undertakes to detect

    def section(self, name: str) -> tuple[Question, ...]:
        """The questions of one section; raises `KeyError` naming the sections there are."""
        if name not in self.sections:
            raise KeyError(
                f"The bank {self.name} has no section {name!r}; it has {', '.join(self.sections)}."
            )
        return tuple(q for q in self.questions if q.section == name)

    def __getitem__(self, id: str) -> Question:
        for question in self.questions:
            if question.id == id:
                return question
        raise KeyError(f"The bank {self.name} has no question {id!r}.")


class _Loader(_Parser):  # type: ignore[misc, valid-type]
    """Safe YAML that refuses a key written twice: the first would vanish without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise _twice(node)
        return mapping


def _twice(node: yaml.MappingNode) -> yaml.MarkedYAMLError:
    seen = set()
    for key, _ in node.value:
        if key.value in seen:
            said = f"the key {key.value!r} stands here twice"
            return yaml.constructor.ConstructorError(None, None, said, key.start_mark)
        seen.add(key.value)
    return yaml.constructor.ConstructorError(None, None, "merge keys clash", node.start_mark)


def read(text: str, name: str = "bank", file: str | None = None) -> Bank:
    """The bank written in `text`; raises `BankError` with every problem found."""
    collecting = gc.isenabled()
    gc.disable()  # many small objects that all stay: collecting garbage meanwhile costs a quarter
    try:
        return _read(text, name, file)
    finally:
        if collecting:
            gc.enable()


def _read(text: str, name: str, file: str | None) -> Bank:
    shown = file or f"{name}.yaml"
    try:
        raw = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        cure = "Mend the YAML there: check the indentation, the quotes and the colons."
        raise BankError(
            [Problem(shown, line, "YAML", f"{error.problem or error.context}.", cure)]
        ) from None
    except yaml.YAMLError as error:
        cure = "Keep the file in UTF-8 without control characters."
        raise BankError([Problem(shown, 1, "YAML", f"{error}.", cure)]) from None
    return _Reader(text, shown, name).bank(raw)


class _Reader:
    """Reads one file's content; collects every problem before it refuses."""

    def __init__(self, text: str, file: str, name: str):
        self.text, self.file, self.name = text, file, name
        self.problems: list[Problem] = []

    def bank(self, raw: Any) -> Bank:
        self._head(raw)
        questions = [self._question(i, q) for i, q in enumerate(raw["questions"])]
        kept = [q for q in questions if q is not None]
        self._unique(raw["questions"])
        if self.problems:
            raise BankError(self.problems)
        sections = {str(k): str(v) for k, v in (raw.get("sections") or {}).items()}
        claims = tuple(map(str, raw.get("claims") or ()))
        head = (self.name, raw["lesson"], raw["title"], sections)
        return Bank(*head, tuple(kept), Path(self.file), claims)

    def _head(self, raw: Any) -> None:
        if not isinstance(raw, dict):
            self._stop((), "file", "A bank is a mapping.", f"Start it with `schema: {SCHEMA}`.")
        if raw.get("schema") != SCHEMA:
            said = f"The schema is {raw.get('schema')!r}."
            self._stop(("schema",), "schema", said, f"Write `schema: {SCHEMA}`.")
        for key in ("lesson", "title"):
            if not isinstance(raw.get(key), str):
                self._stop((key,), key, f"`{key}` is missing or no text.", f"Add `{key}: ...`.")
        for key in sorted(set(raw) - _FIELDS, key=str):
            said = f"A bank has no field {key!r}."
            self._add((key,), str(key), said, f"Use {', '.join(sorted(_FIELDS))}.")
        if not isinstance(raw.get("sections") or {}, dict):
            said = "`sections` is no mapping."
            self._stop(("sections",), "sections", said, "Write `name: title` per section.")
        if not isinstance(raw.get("claims") or [], list):
            said = "`claims` is no list."
            self._stop(("claims",), "claims", said, "List ids of misconceptions: [B-01, B-02].")
        if not isinstance(raw.get("questions"), list) or not raw["questions"]:
            said = "There are no questions."
            self._stop(("questions",), "questions", said, "List them under `questions:`.")
        self.sections = raw.get("sections") or {}

    def _question(self, index: int, raw: Any) -> Question | None:
        at: Path_ = ("questions", index)
        if not isinstance(raw, dict):
            return self._add(at, "question", "A question is a mapping.", "Start with `id:`.")
        kind = raw.get("type")
        if not isinstance(kind, str) or kind not in TYPES:
            said = f"{kind!r} is no question type."
            return self._add((*at, "type"), "type", said, f"Use one of {', '.join(TYPES)}.")
        try:
            question = TYPES[kind].model_validate(raw)
        except ValidationError as error:
            for one in error.errors():
                self._invalid(at, raw, one)
            return None
        if question.section is not None and question.section not in self.sections:
            said = f"There is no section {question.section!r}."
            self._add((*at, "section"), "section", said, "Add it to `sections:` or mend the name.")
        return self._drawn(at, question, raw)

    def _drawn(self, at: Path_, question: Question, raw: dict[str, Any]) -> Question:
        try:
            question.at(0)
        except FormulaError as error:
            path = _culprit(raw) or (("where",) if question.where else ("params",))
            field = ".".join(map(str, path))
            said = f"{question.id}: {error}"
            self._add((*at, *path), field, said, "Mend the formula or the values it draws from.")
        return question

    def _unique(self, raws: list[Any]) -> None:
        seen: set[str] = set()
        for i, raw in enumerate(raws):
            id = raw.get("id") if isinstance(raw, dict) else None
            if isinstance(id, str) and id in seen:
                said = f"The id {id!r} is used twice."
                self._add(("questions", i, "id"), "id", said, "Give each question its own id.")
            seen.add(str(id))

    def _invalid(self, at: Path_, raw: dict[str, Any], error: Any) -> None:
        field = ".".join(str(p) for p in error["loc"]) or "question"
        message = error["msg"].removeprefix("Value error, ")
        said = f"{raw.get('id', 'question')}: {message}."
        self._add((*at, *error["loc"]), field, said, _cure(error, TYPES[raw["type"]]))

    def _add(self, path: Path_, field: str, says: str, cure: str) -> None:
        self.problems.append(Problem(self.file, line_of(self.text, path), field, says, cure))

    def _stop(self, path: Path_, field: str, says: str, cure: str) -> None:
        self._add(path, field, says, cure)
        raise BankError(self.problems)


def _culprit(raw: dict[str, Any]) -> Path_ | None:
    """Where the first formula stands that is unreadable or uses a name nobody gave."""
    known = {*raw.get("params", ()), *raw.get("let", ()), *raw.get("symbols", ())}
    known |= set(raw.get("cells", ())) if isinstance(raw.get("cells"), dict) else set()
    for path, source in _formulas(raw, ()):
        try:
            strange = names_in(source) - known
        except FormulaError:
            return path
        if strange:
            return path
    return None


def _formulas(node: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str) and (key in ("expr", "where") or path[-1:] == ("let",)):
                yield (*path, key), value
            else:
                yield from _formulas(value, (*path, key))
    if isinstance(node, list):
        for i, value in enumerate(node):
            yield from _formulas(value, (*path, i))


_CURES = {
    "missing": "Add this field.",
    "extra_forbidden": "Remove it, or mend its spelling; fields of this type: {fields}.",
    "string_type": "Write text; put numbers in quotes.",
    "string_too_short": "Write at least one character.",
    "string_pattern_mismatch": "Match the pattern, such as BP-1, B-09 or bp.chain.sum.",
    "literal_error": "Use one of the listed words.",
    "too_short": "Add entries until there are enough.",
    "too_long": "Remove entries; a question has at most four options.",
    "list_type": "Write a list: one `- ` per entry.",
    "dict_type": "Write a mapping: `name: value`.",
    "model_type": "Write a mapping with the fields of this part.",
    "value_error": "Change the value so that it holds.",
}


def _cure(error: Any, kind: type[Question]) -> str:
    cure = _CURES.get(error["type"], "Change the value to one of that kind.")
    return cure.replace("{fields}", ", ".join(sorted(kind.model_fields)))


def line_of(text: str, path: Path_) -> int:
    """The line (from 1) of the value at `path`, or of the nearest part above it that exists."""
    try:
        node = yaml.compose(text, _Parser)
    except yaml.YAMLError:
        return 1
    line = 1
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        key, node = found
        line = key.start_mark.line + 1
    return line


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def load(name: str) -> Bank:
    """The bank called `name`, such as `02-backpropagation` or just `02`, or a file `mine.yaml`."""
    path = _path(name)
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _loaded(path: Path, changed: int) -> Bank:
    return read(path.read_text(encoding="utf-8"), path.stem, str(path))


def _path(name: str) -> Path:
    own = Path(name).expanduser()
    if own.suffix in (".yaml", ".yml") and own.is_file():
        return own.resolve()
    found = [n for n in names() if n == name] or [n for n in names() if n.startswith(f"{name}-")]
    if len(found) != 1:
        raise KeyError(
            f"There is no quiz {name!r}; there are {', '.join(names())}. "
            "A bank of your own is named by its file, such as mine.yaml."
        )
    return content.quizzes() / f"{found[0]}.yaml"


def names() -> list[str]:
    """The names of all banks, in lesson order."""
    return sorted(p.stem for p in content.quizzes().glob("[0-9]*.yaml"))


def banks() -> Iterator[Bank]:
    """Every bank of the course, in lesson order."""
    return (load(name) for name in names())


def find(id: str, among: Iterable[Bank] | None = None) -> tuple[Bank, Question]:
    """The question called `id` and its bank; raises `KeyError` if no bank has it."""
    for bank in among if among is not None else banks():
        for question in bank.questions:
            if question.id == id:
                return bank, question
    raise KeyError(f"No bank has a question {id!r}.")
