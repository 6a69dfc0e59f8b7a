"""`dlcourse quiz` for authors and teachers, `dlcourse review` for learners."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import told, words_of

if TYPE_CHECKING:
    from ..teach.interchange import Plain

quiz = typer.Typer(no_args_is_help=True, help="Check, export and import question banks.")
review = typer.Typer(invoke_without_command=True, help="See which questions come back, and why.")

WHICH = "such as 02, or a .yaml file of yours"
Names = Annotated[list[str] | None, typer.Argument(help=f"Banks, {WHICH} (default: all).")]
FORMATS = ("moodle", "gift", "qti")


@quiz.command()
def lint(names: Names = None) -> None:
    """Check banks against every rule; names file, line and cure; exit code 1 if one is broken."""
    from ..teach import syllabus
    from ..teach.quiz import bank as banks
    from ..teach.quiz.lint import lint as examine

    _know_exercises()
    broken: list[str] = []
    for name in names or banks.names():
        try:
            broken += map(str, examine(banks.load(name), syllabus.lessons()))
        except (ValueError, KeyError, OSError) as error:
            broken.append(words_of(error))
    print("\n".join(broken) or "Every rule holds.")
    raise typer.Exit(1 if broken else 0)


@quiz.command()
def export(
    name: Annotated[str, typer.Argument(help=f"The bank, {WHICH}.")],
    to: Annotated[str, typer.Option(help="moodle, gift or qti.")] = "moodle",
    out: Annotated[Path, typer.Option(help="A file; for qti a folder.")] = Path("questions"),
    seed: Annotated[int, typer.Option(help="Which variant of the numbers.")] = 0,
) -> None:
    """Write a bank for another system, and say what that format loses."""
    from ..teach.interchange import LOSS, plain
    from ..teach.quiz import load

    _know_exercises()
    if to not in FORMATS:
        sys.exit(f"There is no format {to!r}; there are {', '.join(FORMATS)}.")
    with told(ValueError, KeyError, OSError):
        questions = load(name).questions
        count = _write([plain(q, seed) for q in questions], to, out)
    print(f"{count} questions written to {out}")
    for kind in dict.fromkeys(q.type for q in questions):
        print(f"  {kind}: {LOSS[kind][0]}; without {LOSS[kind][2]}")


def _write(questions: "list[Plain]", to: str, out: Path) -> int:
    from ..teach.interchange import gift, moodle, qti

    if to == "qti":
        out.mkdir(parents=True, exist_ok=True)
        for one in questions:
            (out / f"{one.id}.xml").write_text(qti.export(one), encoding="utf-8")
        return len(questions)
    kept = [q for q in questions if to == "moodle" or q.kind in gift.KINDS]
    text = moodle.export(kept) if to == "moodle" else gift.export(kept)
    out.write_text(text, encoding="utf-8")
    return len(kept)


@quiz.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Moodle XML (.xml) or GIFT (.txt, .gift).")],
    lesson: Annotated[str, typer.Option(help="The lesson, such as 02-backpropagation.")],
) -> None:
    """Print a draft bank made from a file; complete it, then lint it."""
    from ..teach.interchange import gift, moodle
    from ..teach.interchange.draft import draft

    with told(ValueError, OSError):  # `Refused` is a ValueError
        read = moodle.read if file.suffix == ".xml" else gift.read
        print(draft(read(file), lesson), end="")


@quiz.command()
def schema() -> None:
    """Print the JSON Schema of `dlq/1`, for editors."""
    from ..teach.quiz.schema import schema_text

    print(schema_text(), end="")


@quiz.command()
def xapi(out: Annotated[Path, typer.Argument(help="A file for lines of JSON.")]) -> None:
    """Write your answers as xAPI statements; nothing is sent anywhere."""
    from ..teach.interchange import xapi as statements
    from ..teach.progress import progress

    text = statements.export(progress())
    with told(OSError):
        out.write_text(text, encoding="utf-8")
    print(f"{text.count(chr(10))} statements written to {out}")


@review.callback()
def due(
    schedule: Annotated[
        str | None, typer.Option(help="uniform (1, 4, 10, 21 days) or fsrs; kept.")
    ] = None,
) -> None:
    """List what is due now and why; answer it in a notebook with `review()`."""
    from datetime import UTC, datetime

    from ..teach import review as memory
    from ..teach.progress import progress

    log = progress()
    if schedule is not None:
        with told(ValueError):
            memory.choose_schedule(log, schedule)  # type: ignore[arg-type]
    plan = memory.plan(log)
    now = [d for d in plan if d.at <= datetime.now(UTC)]
    for one in now:
        print(f"{one.bank}  {one.question}: {one.why}")
    if not now and plan:
        print(f"Nothing is due. Next: {plan[0].at:%d %B %Y}, {plan[0].question}.")
    if not plan:
        print("Nothing has been answered yet; start with `dlcourse start`.")


def _know_exercises() -> None:
    from ..teach.quiz.programs import use_exercises
    from ..topics import find_exercise

    use_exercises(find_exercise)
