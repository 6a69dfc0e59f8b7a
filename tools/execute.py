"""Execute lessons from a fresh kernel, in place, and store outputs that any reader can see.

python -m tools.execute [NAME ...]     a name is a number (02), a topic, a file name, or a path
"""

import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.rounding import rounding

ROOT = Path(__file__).resolve().parents[1]
CELL_TIMEOUT = 240  # seconds, for a busy machine; a cell takes under 20
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
_OURS = re.compile("|".join(re.escape(f"{p}{os.sep}") for p in (sys.prefix, ROOT, Path.home())))


def execute(path: Path) -> float:
    """Run the notebook at `path` and store it normalised; returns seconds.

    Nothing is written if a cell fails.  The kernel finds an empty progress folder and none of the
    author's own IPython settings, as in the tests.
    """
    book = nbformat.read(path, as_version=4)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dlcourse-") as home:
        env = os.environ | {"DLCOURSE_HOME": home, "IPYTHONDIR": f"{home}/ipython"}
        env.pop("MPLBACKEND", None)  # or no picture would be shown
        client = NotebookClient(
            book,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
        )
        client.execute(env=env)
    seconds = time.monotonic() - started
    book.metadata["rounding"] = rounding()  # whoever rounds otherwise need not get the same digits
    nbformat.write(normalise(book), path)
    return seconds


def normalise(book: NotebookNode) -> NotebookNode:
    """Keep what a reader sees; drop what belongs to one run: widget models, timings, versions."""
    book.metadata.pop("widgets", None)
    book.metadata.update(nbformat.from_dict(METADATA))
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = merge_streams([_tidy(output) for output in cell.outputs])
    return book


def _tidy(output: NotebookNode) -> NotebookNode:
    data = output.get("data", {})
    if len(data) > 1:  # the static face stays; the live view means nothing without its kernel
        data.pop(WIDGET_VIEW, None)
    if output.output_type == "error":
        output.traceback = [_OURS.sub("", line) for line in output.traceback]
    return output


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join pieces of one stream that follow each other: where they split is chance."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def find(names: list[str]) -> list[Path]:
    """The notebooks called `names`, or all lessons; an unknown name ends the program."""
    every = sorted((ROOT / "lessons").glob("*.ipynb"))
    if not names:
        return every
    return [path for name in names for path in _matches(name, every)]


def _matches(name: str, every: list[Path]) -> list[Path]:
    if name.endswith(".ipynb") and Path(name).is_file():
        return [Path(name).resolve()]
    found = [p for p in every if name == p.stem or name in p.stem.split("-", 1)]
    if not found:
        raise SystemExit(f"No lesson {name!r}: there are {', '.join(p.stem for p in every)}")
    return found


def main() -> None:
    """Execute each notebook; a failing one is named, left as it was, and makes the exit code 1."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this Python's kernel, not one of the user's
    failed = []
    for path in find(sys.argv[1:]):
        try:
            print(f"{path.stem:<28} {execute(path):6.1f} s", flush=True)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"{path.stem:<28} FAILED\n{error}", flush=True)
            failed.append(path.stem)
    sys.exit(f"left as they were: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
