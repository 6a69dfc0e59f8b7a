"""Drive the real JupyterLab, with real kernels, in a headless Chromium.

    with LabServer(folder) as server, browser() as chromium:
        lab = Lab(chromium, server)
        lab.open("lesson.ipynb")
        lab.run_all()

Every request that would leave this machine is blocked and listed in `lab.outside`; the console's
errors are listed in `lab.problems`.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlparse

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

import course
from dlcourse.serve import command, environment
from dlcourse.teach import content

VENDOR = Path(__file__).parent / "vendor"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


# --- the server ----------------------------------------------------------------------------------


def with_lessons(folder: Path) -> Path:
    """`folder`, with a copy of every lesson in it."""
    for lesson in content.lessons().glob("*.ipynb"):
        shutil.copy(lesson, folder)
    return folder


class LabServer:
    """JupyterLab on a free port of loopback, started as `dlcourse start` does.

    Its settings, progress and runtime files are its own and are removed with it; `home` is the
    progress folder that its kernels see.
    """

    def __init__(self, root: Path):
        self.root = Path(root).resolve()
        self.token = secrets.token_hex(16)

    def __enter__(self) -> "LabServer":
        self._state = Path(tempfile.mkdtemp(prefix="dlcourse-lab-"))
        self.home = self._state / "home"
        self.port = _free_port()
        self.log = self._state / "lab.log"
        start = command(self.root, "", self.port, browser=False)
        start += [f"--IdentityProvider.token={self.token}", "--LabApp.expose_app_in_browser=True"]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                start, stdout=out, stderr=subprocess.STDOUT, env=self._environment()
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()  # it shuts its kernels down, too
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self._state, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def address(self, notebook: str) -> str:
        """The page of one notebook; `reset` forgets which others were open."""
        return f"{self.url}/lab/tree/{quote(notebook)}?token={self.token}&reset"

    def shut_kernels_down(self) -> None:
        """End every kernel, as at the end of a day."""
        for kernel in json.loads(self._ask("GET", "/api/kernels")):
            self._ask("DELETE", f"/api/kernels/{kernel['id']}")

    def _ask(self, method: str, path: str) -> bytes:
        head = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=head)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def _environment(self) -> dict[str, str]:
        own = (
            "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR",
        )  # fmt: skip
        folders = {name: str(self._state / name.lower()) for name in own}
        return environment() | folders | {"DLCOURSE_HOME": str(self.home)}

    def _wait(self, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/api", timeout=2).close()
                return
            time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- the browser ---------------------------------------------------------------------------------


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless: $CHROMIUM, or the one that `course.py test` would find."""
    path = course.find_chromium(sys.executable)
    if path is None:
        raise RuntimeError("No Chromium was found. Run: python3 course.py test browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(path), args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


class Lab:
    """One page of JupyterLab, and what a learner does on it."""

    def __init__(self, chromium: Browser, server: LabServer, width: int = 1280, height: int = 1000):
        self.server = server
        self.outside: list[str] = []  # addresses that were asked for and refused
        self.problems: list[str] = []  # errors on the console
        context = chromium.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(60_000)  # of actions, on a busy machine
        context.route("**/*", self._gate)
        context.on("page", self._listen)
        self.page: Page = context.new_page()

    def _gate(self, route) -> None:
        if (urlparse(route.request.url).hostname or "127.0.0.1") in LOOPBACK:
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _listen(self, page: Page) -> None:
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def close(self) -> None:
        """Close the page and forget its cookies."""
        self.page.context.close()

    def open(self, notebook: str) -> None:
        """Open a notebook and wait until its kernel is idle."""
        self.page.goto(self.server.address(notebook))
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=120_000)
        self.page.locator(".jp-Notebook:visible .jp-Cell").first.wait_for(timeout=120_000)
        self.wait_idle()

    def wait_idle(self, seconds: float = 120) -> None:
        """Wait for an idle kernel.

        The status bar tells, not the notebook's toolbar, which says idle before a kernel exists.
        """
        bar = self.page.locator("#jp-main-statusbar")
        expect(bar).to_contain_text(re.compile(r"\(ipykernel\) \| Idle"), timeout=seconds * 1000)

    def wait_busy(self) -> None:
        """Wait for a kernel that is computing."""
        bar = self.page.locator("#jp-main-statusbar")
        expect(bar).to_contain_text(re.compile(r"\(ipykernel\) \| Busy"))

    def menu(self, *names: str) -> None:
        """Choose an entry of the menu bar, such as `menu("Run", "Run All Cells")`."""
        for name in names:
            # By its label alone: the accessible name ends with the shortcut, where there is one.
            label = self.page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel")
            label.and_(self.page.get_by_text(name, exact=True)).locator("visible=true").click()

    def run_all(self, seconds: float = 180) -> float:
        """Run all cells; returns the seconds until none is waiting or running.

        By the command behind Run > Run All Cells, which says when it is done: the prompts alone
        cannot tell a second run from the first.
        """
        begin = time.monotonic()
        self.page.evaluate(RUN_ALL, seconds * 1000)
        try:
            # Where a lesson shows an error on purpose, the command is done before the cells are.
            self.page.wait_for_function(ALL_DONE, timeout=seconds * 1000)
        except PlaywrightTimeout:
            raise AssertionError(f"Not run: {self.unrun()}\n{self.errors()}") from None
        return time.monotonic() - begin

    def unrun(self) -> list[str]:
        """The code cells that have not finished: prompt and first words of each."""
        return self.page.evaluate(UNRUN)

    def errors(self) -> str:
        """The error outputs of the notebook, the last lines of each."""
        shown = self.page.locator(".jp-OutputArea-output[data-mime-type$='stderr']")
        return "\n---\n".join(text[-1500:] for text in shown.all_inner_texts()) or "No error shown."

    def restart(self) -> None:
        """Restart the kernel from the menu, as a learner does."""
        self.menu("Kernel", "Restart Kernel…")
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
        self.wait_idle()

    def kernels(self) -> list[int]:
        """The process ids of this server's kernels."""
        out = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = (line.split(maxsplit=2) for line in out.splitlines())
        mine = str(self.server.process.pid)
        return [int(pid) for pid, parent, args in rows if parent == mine and "ipykernel" in args]

    def kill_kernels(self) -> None:
        """Kill every kernel of this server, as an operating system short of memory would."""
        for pid in self.kernels():
            os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def kernels_asleep(self) -> Iterator[None]:
        """Every kernel stands still meanwhile, as on a machine that is busy with something else."""
        for pid in self.kernels():
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in self.kernels():
                os.kill(pid, signal.SIGCONT)

    def save(self) -> None:
        """Save the notebook."""
        self.menu("File", "Save Notebook")
        self.page.locator(".jp-mod-dirty").first.wait_for(state="detached", timeout=15_000)

    def cell(self, index: int) -> Locator:
        """The cell at `index`, counting text cells too."""
        return self.page.locator(".jp-Notebook:visible .jp-Cell").nth(index)

    def code_cell(self, index: int) -> Locator:
        """The code cell at `index`."""
        return self.page.locator(".jp-Notebook:visible .jp-CodeCell").nth(index)

    def theme(self, name: str) -> None:
        """Switch to the theme `light` or `dark`."""
        choose = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
        self.page.evaluate(choose, THEMES[name])
        flag = "true" if name == "light" else "false"
        self.page.locator(f"body[data-jp-theme-light={flag}]").wait_for(state="attached")

    def size(self, width: int, height: int = 1000) -> None:
        """Make the window `width` x `height` CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": height})

    def shot(self, path: Path, of: Locator | None = None) -> Path:
        """Save a picture of the page, or of one element."""
        path.parent.mkdir(parents=True, exist_ok=True)
        (of or self.page).screenshot(path=str(path))
        return path

    def axe(self, css: str, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
        """axe-core's findings of these impacts inside `css`, one line each; [] is good.

        axe cannot judge colour contrast inside a notebook's outputs; test that on a plain page.
        """
        if not self.page.evaluate("() => !!window.axe"):
            self.page.add_script_tag(path=str(VENDOR / "axe.min.js"))
        result = self.page.evaluate("css => axe.run(css, {resultTypes: ['violations']})", css)
        return [
            f"{v['id']} ({v['impact']}): {v['help']}: {v['nodes'][0]['html'][:160]}"
            for v in result["violations"]
            if v["impact"] in impacts
        ]

    def faint(self, css: str) -> list[str]:
        """Texts within `css` below the contrast of WCAG 2.2 (1.4.3): 4.5, or 3 for large type.

        axe skips the outputs of cells for colours, so it is computed here from what is painted.
        Widgets may still be on their way to a theme that was just chosen, so they are given time.
        """
        found: list[str] = []
        for _ in range(30):
            found = self.page.evaluate(FAINT, css)
            if not found:
                break
            self.page.wait_for_timeout(100)
        return found

    def latency(self, target: str, act, event: str, n: int = 30, quiet_ms: int = 250) -> "Latency":
        """Milliseconds from a DOM `event` that `act(i)` causes until `target` looks different.

        `target` is a CSS selector; it is watched by its HTML and by the pixels of pictures in it.
        """
        first, missed = [], 0
        for i in range(n):
            self.page.evaluate(STOPWATCH, [target, event, quiet_ms])
            act(i)
            took = self.page.evaluate("() => window.__stopwatch")
            if took is None:
                missed += 1
            else:
                first.append(took)
        return Latency(tuple(first), missed)


@dataclass(frozen=True)
class Latency:
    """Measured milliseconds, and how many actions changed nothing within 5 s."""

    ms: tuple[float, ...]
    missed: int

    @property
    def median(self) -> float:
        return statistics.median(self.ms)

    @property
    def p95(self) -> float:
        return sorted(self.ms)[min(len(self.ms) - 1, int(0.95 * len(self.ms)))]

    def __str__(self) -> str:
        if not self.ms:
            return f"nothing changed in {self.missed} actions"
        return (
            f"median {self.median:6.1f} ms   p95 {self.p95:6.1f} ms   "
            f"max {max(self.ms):6.1f} ms   n {len(self.ms)}   missed {self.missed}"
        )


RUN_ALL = """milliseconds => Promise.race([
  window.jupyterapp.commands.execute('notebook:run-all-cells'),
  new Promise((_, reject) => setTimeout(() => reject(new Error('still running')), milliseconds)),
])"""

# An empty cell, such as Shift+Enter adds below the last, never gets a number.
ALL_DONE = r"""() => {
  const prompts = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')]
    .filter(c => c.querySelector('.jp-InputArea-editor').textContent.trim())
    .map(c => c.querySelector('.jp-InputPrompt').textContent.trim());
  return prompts.length > 0 && prompts.every(t => /^\[\d+\]:?$/.test(t));
}"""

UNRUN = r"""() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')]
  .map(c => c.querySelector('.jp-InputPrompt').textContent.trim() + ' '
    + c.querySelector('.jp-InputArea-editor').textContent.slice(0, 60))
  .filter(t => !/^\[\d+\]/.test(t))"""

# Runs in the page: from the event to the first animation frame in which the target looks different.
STOPWATCH = """([selector, event, quiet]) => {
  const small = Object.assign(document.createElement('canvas'), {width: 96, height: 72});
  const pen = small.getContext('2d', {willReadFrequently: true});
  const hash = values => {
    let h = 2166136261;
    for (const v of values) h = Math.imul(h ^ v, 16777619);
    return h;
  };
  const pixels = e => {
    pen.clearRect(0, 0, 96, 72);
    pen.drawImage(e, 0, 0, 96, 72);
    return hash(pen.getImageData(0, 0, 96, 72).data);
  };
  const ready = e => e.clientWidth && (e.tagName === 'CANVAS' || (e.complete && e.naturalWidth));
  const look = () => {
    const e = document.querySelector(selector);
    if (!e) return null;
    const html = hash(new TextEncoder().encode(e.outerHTML));
    const pictures = [e, ...e.querySelectorAll('*')].filter(p => p.matches('canvas, img'));
    return hash([html, ...pictures.filter(ready).map(pixels)]);
  };
  let seen = look(), begin = null, first = null, last = null;
  window.__stopwatch = new Promise(resolve => {
    const start = () => { begin = performance.now(); };
    document.addEventListener(event, start, {capture: true, once: true});
    const tick = () => {
      const now = performance.now();
      if (begin !== null) {
        const h = look();
        if (h !== null && h !== seen) { seen = h; last = now; first = first ?? now - begin; }
        if (last !== null ? now - last > quiet : now - begin > 5000) {
          document.removeEventListener(event, start, {capture: true});
          return resolve(first);
        }
      }
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
}"""

FAINT = r"""css => {
  const spot = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const painted = (colours) => { // later ones over earlier ones, on white
    spot.clearRect(0, 0, 1, 1);
    for (const colour of ['white', ...colours]) {
      spot.fillStyle = colour;
      spot.fillRect(0, 0, 1, 1);
    }
    return [...spot.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => rgb.map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const words = (e) => [...e.childNodes].filter((n) => n.nodeType === 3)
    .map((n) => n.textContent.trim()).join('');
  const passed = 'svg, mjx-container, .MathJax, [aria-hidden=true], :disabled';
  const found = new Set();
  for (const root of document.querySelectorAll(css)) {
    for (const e of [root, ...root.querySelectorAll('*')]) {
      if (!words(e) || e.closest(passed)) continue;
      if (!e.checkVisibility({ visibilityProperty: true })) continue;
      const { color, fontSize } = getComputedStyle(e), above = [];
      if (color === 'rgba(0, 0, 0, 0)') continue; // a region over a picture that shows the word
      for (let up = e; up; up = up.parentElement) {
        above.unshift(getComputedStyle(up).backgroundColor);
      }
      const ratio = contrast(painted([...above, color]), painted(above));
      if (ratio >= (parseFloat(fontSize) >= 24 ? 3 : 4.5)) continue;
      found.add(`${ratio.toFixed(2)} ${e.className}: ${words(e).slice(0, 40)}`);
    }
  }
  return [...found];
}"""
