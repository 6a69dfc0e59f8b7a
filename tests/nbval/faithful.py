"""Make nbval run and compare a notebook as JupyterLab shows it.

nbval 0.11 executes without history, so IPython prints results that a trailing `;` hides; it knows
nothing of Output widgets, `clear_output` or updated displays; it never looks at pictures; and it
waits for a dead kernel until the cell's time is up.  The subclasses below mend these, and give each
notebook a kernel with an empty progress folder, so that a lesson finds no earlier learner's traces.

Outputs must be equal.  Only where this machine rounds otherwise than the one that stored them
(`tools.rounding`), numbers that come out of a training may differ a little: see `Rough`.
"""

import base64
import io
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from queue import Empty

import numpy as np
import pytest
from matplotlib import image
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel, start_new_kernel
from nbval.plugin import IPyNbCell, IPyNbFile

from tools.rounding import rounding

ROOT = Path(__file__).resolve().parents[2]
CELL_TIMEOUT = 240.0  # seconds, for a busy machine: a cell takes under 20; nbval's own is 2000
PICTURE_RMS = 0.02  # of all pixels, on a scale of 0 to 1
# Of any 16 x 16 block.  One changed digit in a title gives 0.06 to 0.26; a curve that is off by a
# thousandth of its range, which is far more than rounding, 0.03.
BLOCK_RMS = 0.06
ROUGH_RMS = 0.1  # of all pixels, where this machine rounds otherwise
PICTURES = ("image/png", "image/jpeg")
_NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d*)?(?:e[-+]?\d+)?")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Sanitize with our file and limit a cell's time, unless the command line says otherwise."""
    option = config.option
    if option.nbval_sanitize_with is None:
        option.nbval_sanitize_with = str(ROOT / "nbval_sanitize.cfg")
    if option.nbval_cell_timeout == 2000:
        option.nbval_cell_timeout = CELL_TIMEOUT


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Collect a notebook with our classes wherever nbval would with its own."""
    found = yield
    return [
        Notebook.from_parent(parent, path=file_path) if isinstance(f, IPyNbFile) else f
        for f in found
    ]


def pytest_terminal_summary(terminalreporter):
    """Say how many cells were compared, and how many only executed."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind)]
    told = [dict(r.user_properties).get("compared") for r in reports if r.when == "call"]
    terminalreporter.write_line(
        f"outputs of {told.count(True)} code cells compared; {told.count(False)} cells that are "
        "tagged only executed"
    )
    rough = sum("rough" in dict(r.user_properties) for r in reports if r.when == "call")
    if rough:
        terminalreporter.write_line(
            f"{rough} of them differ by what this machine rounds otherwise than the one that "
            "stored the outputs"
        )


class Kernel(RunningKernel):
    """A kernel of this very Python, with history, whose death is noticed."""

    def __init__(self, cwd, startup_timeout):
        for attempt in range(3):
            # Its ports are chosen before it starts, and another program may take one meanwhile:
            # then it never answers, and the next try gets others.
            try:
                self.km, self.kc = start_new_kernel(
                    startup_timeout, CURRENT_ENV_KERNEL_NAME, stderr=subprocess.DEVNULL, cwd=cwd
                )
                break
            except RuntimeError:
                if attempt == 2:
                    raise
        self._ensure_iopub_up()

    def execute_cell_input(self, cell_input, allow_stdin=None):
        return self.kc.execute(
            cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
        )

    def await_reply(self, msg_id, timeout=None):
        deadline = time.monotonic() + (timeout or CELL_TIMEOUT)
        while True:
            try:
                return super().await_reply(msg_id, timeout=1)
            except Empty:
                if not self.is_alive():
                    raise RuntimeError("the kernel died while it ran this cell") from None
                if time.monotonic() > deadline:
                    raise

    def stop(self):
        # nbval kills its kernels; under coverage they must end by themselves to save what they saw.
        gently = any(name.startswith("COVERAGE_PROCESS") for name in os.environ)
        self.kc.stop_channels()
        self.km.shutdown_kernel(now=not gently)
        del self.km


class Notebook(IPyNbFile):
    """A notebook whose cells run in one `Kernel`, away from the learner's own files."""

    def collect(self):
        for cell in super().collect():
            yield Cell.from_parent(
                self, name=cell.name, cell_num=cell.cell_num, cell=cell.cell, options=cell.options
            )

    def setup(self):
        self.screen = Screen()
        self.home = tempfile.mkdtemp(prefix="dlcourse-")
        mine = {"DLCOURSE_HOME": self.home, "IPYTHONDIR": f"{self.home}/ipython"}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in mine.items():
                patch.setenv(name, value)
            patch.delenv("MPLBACKEND", raising=False)  # or no picture would be shown
            self.kernel = Kernel(
                str(self.path.parent), self.config.option.nbval_kernel_startup_timeout
            )
        self.setup_sanitize_files()

    def teardown(self):
        super().teardown()
        shutil.rmtree(self.home, ignore_errors=True)

    def get_kernel_message(self, timeout=None, stream="iopub"):
        while True:
            message = super().get_kernel_message(timeout, stream)
            if stream != "iopub" or self.screen.shows(message):
                return message


class Screen:
    """What JupyterLab does with messages that are not plain outputs.

    `outputs` is the list that nbval fills for the running cell; it is edited in place.
    """

    OUTPUTS = frozenset({"stream", "display_data", "execute_result", "error"})

    def __init__(self):
        self.outputs = []
        self._widgets = set()  # comm ids of Output widgets
        self._capturing = {}  # comm id -> id of the request whose outputs it takes
        self._displays = {}  # display id -> index in outputs
        self._clear_next = False

    def begin(self, outputs):
        """A new cell runs, and nbval collects into `outputs`."""
        self.outputs, self._displays, self._clear_next = outputs, {}, False

    def shows(self, message):
        """Whether `message` goes on to nbval."""
        kind, content = message["msg_type"], message["content"]
        if kind.startswith("comm_"):
            self._follow(kind, content)
        elif message["parent_header"].get("msg_id") in self._capturing.values():
            # An Output widget takes it; only an error inside it must still fail the cell.
            return kind not in {*self.OUTPUTS - {"error"}, "clear_output", "update_display_data"}
        elif kind == "clear_output":
            self._clear(content["wait"])
            return False
        elif kind == "update_display_data":
            self._update(content)
            return False
        elif kind in self.OUTPUTS:
            self._note(content)
        return True

    def _follow(self, kind, content):
        comm, state = content["comm_id"], content.get("data", {}).get("state", {})
        if kind == "comm_open" and state.get("_model_name") == "OutputModel":
            self._widgets.add(comm)
        if comm in self._widgets and "msg_id" in state:
            self._capturing[comm] = state["msg_id"] or None

    def _clear(self, wait):
        self._clear_next = wait
        if not wait:
            self.outputs.clear()
            self._displays.clear()

    def _note(self, content):
        if self._clear_next:
            self._clear(wait=False)
        name = content.get("transient", {}).get("display_id")
        if name:
            self._displays[name] = len(self.outputs)

    def _update(self, content):
        index = self._displays.get(content.get("transient", {}).get("display_id"))
        if index is not None:
            self.outputs[index].update(data=content["data"], metadata=content["metadata"])


class Cell(IPyNbCell):
    """A code cell whose pictures are compared too."""

    def setup(self):
        super().setup()
        self.user_properties.append(("compared", bool(self.options["check"])))

    @property
    def test_outputs(self):
        return self._outputs

    @test_outputs.setter
    def test_outputs(self, outputs):
        # nbval sets this as it begins to collect a cell's outputs.
        self._outputs = outputs
        if outputs is not None:
            self.parent.screen.begin(outputs)

    rough = False

    def sanitize(self, s):
        text = super().sanitize(s)
        return Rough(text) if self.rough and isinstance(text, str) else text

    def compare_outputs(self, test, ref, skip_compare=None):
        if self._equal(test, ref, skip_compare):
            return True
        if self.parent.nb.metadata.get("rounding") in (None, rounding()):
            return False
        self.rough = self._equal(test, ref, skip_compare, rough=True)
        if self.rough:
            self.user_properties.append(("rough", True))
        return self.rough

    def _equal(self, test, ref, skip_compare, rough=False):
        self.rough = rough
        if not super().compare_outputs(test, ref, skip_compare):
            return False
        fault = pictures_fault(test, ref, rough)
        if fault:
            self.comparison_traceback.append(fault)
        return not fault


class Rough(str):
    """A text that equals another if their numbers do to 5 %, to 0.05, or but for the last place."""

    __slots__ = ()

    def __eq__(self, other):
        if not isinstance(other, str):
            return False
        mine, theirs = _NUMBER.findall(self), _NUMBER.findall(other)
        words = ["".join(_NUMBER.sub("0", text).split()) for text in (self, other)]
        return words[0] == words[1] and all(map(_near, mine, theirs))

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__


def _near(a, b):
    last = max(len(a.partition(".")[2]), len(b.partition(".")[2]))
    a, b = (float(text.replace(",", "").replace("−", "-")) for text in (a, b))
    place = 1.5 * 10.0**-last if last else 0.0
    return abs(a - b) <= max(0.05 * max(1.0, abs(a), abs(b)), place)


def pictures_fault(new, old, rough=False):
    """How the pictures among two lists of outputs differ, in words, or an empty string."""
    new, old = list(_pictures(new)), list(_pictures(old))
    if len(new) != len(old):
        return f"{len(new)} pictures, but {len(old)} are stored"
    return next(
        filter(None, (picture_fault(*pair, rough) for pair in zip(new, old, strict=True))), ""
    )


def picture_fault(new, old, rough=False):
    """How two pictures (H, W, channels) with values 0 to 1 differ, in words, or an empty string."""
    if new.shape != old.shape:
        return f"a picture has shape {new.shape}, the stored one {old.shape}"
    square = ((new - old) ** 2).mean(axis=2)  # (H, W)
    overall = float(np.sqrt(square.mean()))
    allowed = ROUGH_RMS if rough else PICTURE_RMS
    if overall > allowed:
        return f"a picture differs from the stored one: RMS {overall:.4f} > {allowed}"
    if rough:
        return ""
    high, wide = (-(-n // 16) * 16 for n in square.shape)
    padded = np.zeros((high, wide))
    padded[: square.shape[0], : square.shape[1]] = square
    blocks = padded.reshape(high // 16, 16, wide // 16, 16).mean(axis=(1, 3))
    row, column = np.unravel_index(blocks.argmax(), blocks.shape)
    worst = float(np.sqrt(blocks[row, column]))
    if worst > BLOCK_RMS:
        return (
            f"a picture differs from the stored one near x={16 * column}, y={16 * row}: "
            f"RMS {worst:.2f} > {BLOCK_RMS} in a block of 16 x 16 pixels"
        )
    return ""


def _pictures(outputs):
    for output in outputs:
        for kind in PICTURES:
            data = output.get("data", {}).get(kind)
            if data:
                raw = io.BytesIO(base64.b64decode(data))
                pixels = image.imread(raw, format=kind.removeprefix("image/"))
                scale = 255 if pixels.dtype == np.uint8 else 1
                yield np.atleast_3d(pixels) / scale  # (H, W, channels)
