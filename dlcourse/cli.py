"""The command `dlcourse`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .commands import told
from .commands.quiz import quiz, review

if TYPE_CHECKING:
    from .teach.progress import Progress

# What a command needs is imported inside it: `dlcourse --help` should not wait for PyTorch.

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Deep Learning, Twice: a course in JupyterLab.",
)
progress = typer.Typer(
    no_args_is_help=True, help="See, save and bring back what you did in the course."
)
app.add_typer(progress, name="progress")
app.add_typer(review, name="review")
app.add_typer(quiz, name="quiz")

Folder = Annotated[Path, typer.Option("--dir", help="Your working copy of the lessons.")]
Port = Annotated[int | None, typer.Option(help="Where JupyterLab listens (default: a free port).")]
Browser = Annotated[bool, typer.Option(help="Open the web browser, or only print the address.")]
MY_COURSE = Path("my-course")
FIRST = "00-welcome.ipynb"


@app.command()
def start(dir: Folder = MY_COURSE, port: Port = None, browser: Browser = True) -> None:
    """Open the course in JupyterLab, on your own copy of the lessons."""
    from .serve import serve
    from .teach import workspace

    folder = dir.expanduser().resolve()
    with told(workspace.WorkspaceError, OSError):
        laid = workspace.lay(folder)
    for name in laid.updated:
        print(f"{name}: a newer version; you had not changed yours")
    for name in laid.beside:
        print(f"{name}: a newer version, beside your own, which is left as it is")
    print(f"Your lessons are in {folder}", flush=True)
    raise typer.Exit(serve(folder, FIRST, port=port, browser=browser))


@app.command("open")
def open_(
    lesson: Annotated[str, typer.Argument(help="A number (02), a topic, or a lesson's name.")],
    dir: Folder = MY_COURSE,
    port: Port = None,
    browser: Browser = True,
) -> None:
    """Open a fresh copy of one lesson, dated, beside what you did before."""
    from .serve import serve
    from .teach import syllabus, workspace

    folder = dir.expanduser().resolve()
    with told(KeyError):
        found = syllabus.lesson(lesson)
    if not found.written:
        sys.exit(f"{found.id} is in the syllabus, but is still being written.")
    with told(workspace.WorkspaceError, OSError):
        copy = workspace.fresh(found.id, folder)
    print(f"A fresh copy: {copy}", flush=True)
    raise typer.Exit(serve(folder, copy.name, port=port, browser=browser))


@app.command()
def doctor() -> None:
    """Check Python, packages, kernel, widgets and more; say what to do about each fault."""
    from .doctor import examine, verdict

    checks = examine()
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{check.state:<4}  {check.name:<{width}}  {check.found}")
        if check.cure:
            print(f"{'':<4}  {'':<{width}}  -> {check.cure}")
    print(verdict(checks))
    raise typer.Exit(0 if all(check.ready for check in checks) else 1)


@progress.command("show")
def progress_show() -> None:
    """Where your progress is kept, and how much of what there is."""
    from collections import Counter

    with _progress() as log:
        events = log.events()
        print(f"{log.path}: {len(events)} events")
        for kind, count in Counter(event.kind for event in events).most_common():
            print(f"{count:7}  {kind}")
        if events:
            print(f"from {events[0].at[:10]} to {events[-1].at[:10]}")


@progress.command("export")
def progress_export(file: Annotated[Path, typer.Argument(help="Where to write.")]) -> None:
    """Write every event to FILE, one line of JSON each."""
    with _progress() as log:
        print(f"{log.export(file)} events written to {file}")


@progress.command("restore")
def progress_restore(file: Annotated[Path, typer.Argument(help="An exported file.")]) -> None:
    """Add the events of an exported FILE that are not here yet."""
    with _progress() as log:
        print(f"{log.restore(file)} events added")


@contextmanager
def _progress() -> Iterator["Progress"]:
    """The learner's log; what cannot be read or written is told in words."""
    from .teach.progress import Progress, ProgressError

    with told(ProgressError, OSError):
        log = Progress()
        for notice in log.notices:
            print(notice)
        yield log


def main() -> None:
    """The entry point of `dlcourse`."""
    app()


if __name__ == "__main__":
    main()
