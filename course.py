#!/usr/bin/env python3
"""Deep Learning, Twice: the one command of a clone.

python3 course.py start     open the course in JupyterLab
python3 course.py test      run every test: units, notebooks, a real browser
python3 course.py check     lint, formatting, types, and a report of lines per floor
python3 course.py lessons   execute the lessons again and store their outputs
python3 course.py bench     measure speed

It needs Python 3.11 or later and nothing else.  The first run makes the folder .venv beside this
file and installs the course there; later runs find it ready.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

# Before any syntax or module that an older Python lacks, so that it can still say this.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "Deep Learning, Twice needs Python 3.11 or later; this is Python %d.%d (%s).\n"  # noqa: UP031
        "Install a newer Python and run this file with it, for example: python3.12 course.py start"
        % (*sys.version_info[:2], sys.executable)
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "dlcourse.json"  # also the mark that we made this .venv and may remake it
WINDOWS = os.name == "nt"

STAGES = {
    "units": ["tests", "--ignore=tests/browser", "-n", "2"],
    # loadscope: by default xdist would spread one notebook's cells over several kernels.
    "notebooks": ["--nbval", "lessons", "-n", "2", "--dist", "loadscope"],
    "browser": ["tests/browser"],
}


class Trouble(Exception):
    """Something the person at the keyboard can mend; the message says how."""


# --- the environment -----------------------------------------------------------------------------


def python() -> Path:
    """The interpreter of .venv."""
    return VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def fingerprint() -> str:
    """A hash of all that decides what .venv must hold, and of where it must lie."""
    parts = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join([*parts, str(ROOT).encode()])).hexdigest()


def stamp() -> dict:
    """What the last finished install wrote, or {}."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def environment(extras: set) -> Path:
    """The interpreter of a .venv that holds the course and `extras`, installed if need be."""
    done = stamp()
    current = done.get("key") == fingerprint() and python().exists()
    if current and extras <= set(done["extras"]):
        return python()
    started = time.monotonic()
    extras = extras | set(done.get("extras", []))
    make_venv()
    install(extras)
    # Only now: an interrupted install leaves no stamp, and the next run simply goes on.
    STAMP.write_text(json.dumps({"key": fingerprint(), "extras": sorted(extras)}), encoding="utf-8")
    say(f"Installed in {time.monotonic() - started:.0f} s.")
    return python()


def make_venv() -> None:
    """Make .venv, or remake one of ours that is broken; never touch one that is not ours."""
    if VENV.exists():
        fault = venv_fault()
        if not fault:
            return
        if not STAMP.exists():
            raise Trouble(
                f"The folder {VENV} was not made by course.py and cannot be used: {fault}.\n"
                "Rename or remove it, then run the same command again."
            )
        say(f"Making .venv again: {fault}.")
        shutil.rmtree(VENV)
    need_venv_module()
    VENV.mkdir()
    STAMP.write_text("{}", encoding="utf-8")
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
        raise Trouble("Python could not make a virtual environment; its message is above.")


def venv_fault() -> str:
    """Why .venv cannot be used, or an empty string."""
    probe = [str(python()), "-c", "import sys, pip; print(sys.version_info[:2] >= (3, 11))"]
    try:
        result = subprocess.run(probe, capture_output=True, text=True, env=clean(), check=False)
    except OSError:
        return "it holds no Python that runs"
    if result.returncode:
        return "its Python does not run, or has no pip"
    return "" if result.stdout.strip() == "True" else "its Python is older than 3.11"


def need_venv_module() -> None:
    """Debian and Ubuntu ship Python without `ensurepip`; install that, or say how to."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if is_root() and shutil.which("apt-get"):
        apt_install(package)
    elif shutil.which("apt-get"):
        raise Trouble(
            f"This Python lacks the module that makes virtual environments. Install it with\n"
            f"    sudo apt-get install {package}\nand run the same command again."
        )
    else:
        raise Trouble(
            f"This Python ({sys.executable}) lacks the modules venv and ensurepip.\n"
            "Install your system's package for them, or a Python from python.org, and try again."
        )


def install(extras: set) -> None:
    """Install the course in place, editable, with exactly the versions of constraints.txt."""
    what = ".[" + ",".join(sorted(extras)) + "]" if extras else "."
    say(f"Installing the course ({what}) into .venv; the first time this takes some minutes.")
    hint_cpu_build()
    command = [str(python()), "-m", "pip", "install", "-e", what, "-c", "constraints.txt"]
    log = VENV / "install.log"
    with log.open("w", encoding="utf-8") as out, piped(command) as pip:
        for line in pip.stdout or ():
            out.write(line)
            show_progress(line)
    if pip.returncode:
        raise Trouble(install_cure(log))


def piped(command: list) -> subprocess.Popen:
    """`command`, started in the clone, with all that it says to be read as lines of text."""
    return subprocess.Popen(
        command, cwd=ROOT, env=clean(), encoding="utf-8", errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def show_progress(line: str) -> None:
    """Keep pip's latest step on one line of a terminal; a log file is spared it."""
    steps = ("Collecting", "Downloading", "Installing")
    if sys.stdout.isatty() and line.lstrip().startswith(steps):
        print("\r" + line.strip()[:78].ljust(78), end="\r", flush=True)


def install_cure(log: Path) -> str:
    """pip's last words, and what to do about them."""
    text = log.read_text(encoding="utf-8", errors="replace")
    if "No space left" in text:
        cure = "The disk is full: the course needs about 2 GB (with CUDA libraries, 8 GB)."
    elif any(sign in text for sign in ("Temporary failure", "NewConnection", "Max retries")):
        cure = "No package index could be reached. Check the network (or the proxy settings)."
    else:
        cure = "If this looks like a passing fault of the network, try again."
    tail = "\n".join("    " + line for line in text.splitlines()[-15:])
    return (
        f"pip could not install the course. {cure}\nIts last lines were:\n{tail}\n"
        f"The whole log is {log}. Run the same command again: what is done is kept."
    )


def hint_cpu_build() -> None:
    """On Linux the public index serves a CUDA build of PyTorch; say so where no other is named."""
    if not sys.platform.startswith("linux") or os.environ.get("PIP_EXTRA_INDEX_URL"):
        return
    config = subprocess.run(
        [str(python()), "-m", "pip", "config", "list"],
        capture_output=True, text=True, env=clean(), check=False,
    ).stdout  # fmt: skip
    if "extra-index-url" not in config and "find-links" not in config:
        say(
            "Without an NVIDIA GPU you can save several GB: stop with Ctrl-C, set\n"
            "PIP_EXTRA_INDEX_URL to the CPU wheel index that PyTorch's get-started page names,\n"
            "and run the same command again."
        )


# --- the commands --------------------------------------------------------------------------------


def start(options) -> None:
    """Open the course in JupyterLab, on a working copy of the lessons."""
    command = ["start", "--dir", str(options.dir)]
    command += ["--port", str(options.port)] if options.port else []
    command += ["--no-browser"] if options.no_browser else []
    hand_over([str(environment(set())), "-m", "dlcourse.cli", *command])


def test(options) -> None:
    """Run the stages in turn and sum them up; any red stage makes the exit code 1."""
    stages = ["units"] if options.fast else options.stages or list(STAGES)
    interpreter = pick_python(options, {"test"})
    env = clean()
    if "browser" in stages:
        env["CHROMIUM"] = str(find_chromium(interpreter) or install_chromium(interpreter))
    results = {}
    for stage in stages:
        say(f"--- {stage}")
        command = [str(interpreter), "-m", "pytest", "-q", *STAGES[stage]]
        results[stage] = timed(command, env)
    conclude(results)


def check(options) -> None:
    """Lint, formatting, types, then the report of lines per floor."""
    interpreter = str(pick_python(options, {"dev", "test"}))
    tools = {
        "lint": ["ruff", "check", "--quiet", "."],
        "format": ["ruff", "format", "--check", "--quiet", "."],
        "types": ["pyright", "--pythonpath", interpreter],
        "lines": ["tools.report"],
    }
    conclude({name: timed([interpreter, "-m", *command]) for name, command in tools.items()})


def lessons(options) -> None:
    """Execute the lessons (all, or those named) from a fresh kernel and store their outputs."""
    interpreter = str(pick_python(options, {"test"}))
    hand_over([interpreter, "-m", "tools.execute", *options.names])


def bench(options) -> None:
    """Run benchmarks/*.py, or those named."""
    interpreter = pick_python(options, {"bench", "test"})
    names = options.names or sorted(p.stem for p in (ROOT / "benchmarks").glob("[!_]*.py"))
    env = clean()
    browser = find_chromium(interpreter)
    if browser:
        env["CHROMIUM"] = str(browser)
    conclude({n: timed([str(interpreter), f"benchmarks/{n}.py"], env) for n in names})


def pick_python(options, extras: set) -> Path:
    """This interpreter if --here was given, else that of .venv with `extras` installed."""
    return Path(sys.executable) if options.here else environment(extras)


def timed(command: list, env: "dict | None" = None) -> "tuple[int, float]":
    """Run `command` in the clone; its exit status and wall seconds."""
    begin = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, env=env or clean(), check=False).returncode
    return status, time.monotonic() - begin


def conclude(results: dict) -> None:
    """Print one line per stage; exit with 1 if any was red."""
    print()
    for stage, (status, seconds) in results.items():
        print(f"{stage:<12} {'FAILED' if status else 'passed'} {seconds:8.1f} s")
    total = sum(seconds for _, seconds in results.values())
    bad = [stage for stage, (status, _) in results.items() if status]
    print(f"{'total':<12} {'FAILED' if bad else 'passed'} {total:8.1f} s")
    sys.exit(1 if bad else 0)


# --- a browser for the tests ---------------------------------------------------------------------

_NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge",
)  # fmt: skip
_MAC_APPS = ("Google Chrome", "Chromium", "Microsoft Edge")
_WINDOWS_APPS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)


def find_chromium(interpreter: "Path | str" = sys.executable) -> "Path | None":
    """A Chromium, Chrome or Edge that runs: $CHROMIUM, then the system's, then Playwright's own."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        if runs(Path(chosen)):
            return Path(chosen)
        raise Trouble(f"CHROMIUM is set to {chosen}, which does not run. Mend or unset it.")
    return next((path for path in candidates(interpreter) if runs(path)), None)


def candidates(interpreter: "Path | str"):
    """Where a browser may be, likeliest first."""
    yield from (Path(found) for found in map(shutil.which, _NAMES) if found)
    if sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            yield from (folder / f"{app}.app/Contents/MacOS/{app}" for app in _MAC_APPS)
    if WINDOWS:
        for name in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData"):
            if os.environ.get(name):
                yield from (Path(os.environ[name]) / app for app in _WINDOWS_APPS)
    ask = (
        "from playwright.sync_api import sync_playwright as s\n"
        "with s() as p: print(p.chromium.executable_path)"
    )
    answer = subprocess.run(
        [str(interpreter), "-c", ask], capture_output=True, text=True, env=clean(), check=False
    )
    if answer.returncode == 0:
        yield Path(answer.stdout.strip())


def runs(path: Path) -> bool:
    """Whether the browser at `path` starts; Ubuntu's `chromium` may be an empty stub."""
    if not path.is_file():
        return False
    if WINDOWS:  # there --version would open a window
        return True
    try:
        return not subprocess.run(
            [str(path), "--version"], capture_output=True, timeout=60, check=False
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def install_chromium(interpreter: Path) -> Path:
    """Debian's package where we may install it, else Playwright's own build."""
    say("No Chromium, Chrome or Edge was found; installing one for the tests.")
    if is_root() and system() == "debian" and shutil.which("apt-get"):
        apt_install("chromium", "fonts-dejavu-core")
    else:
        dependencies = ["--with-deps"] if is_root() else []
        command = [str(interpreter), "-m", "playwright", "install", *dependencies, "chromium"]
        subprocess.run(command, env=clean(), check=False)
    found = find_chromium(interpreter)
    if not found:
        raise Trouble(
            "The browser tests need Chromium, Chrome or Edge. Install one (on Debian: "
            "sudo apt-get install chromium), or set CHROMIUM to the path of one, and try again.\n"
            "Without a browser you can run: python3 course.py test units notebooks"
        )
    return found


# --- the system ----------------------------------------------------------------------------------


def clean() -> dict:
    """The environment for child processes, without what would leak other Pythons into .venv."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return env | {"PYTHONNOUSERSITE": "1", "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def hand_over(command: list) -> None:
    """Become `command`, in the clone (on Windows: run it and exit as it does)."""
    sys.stdout.flush()
    os.chdir(ROOT)
    if WINDOWS:
        sys.exit(subprocess.run(command, env=clean(), check=False).returncode)
    os.execve(command[0], command, clean())


def apt_install(*packages: str) -> None:
    """Install Debian packages, quietly, as root."""
    env = clean() | {"DEBIAN_FRONTEND": "noninteractive"}
    say("Installing with apt-get: " + " ".join(packages))
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        command = ["apt-get", "-qq", *arguments]
        if subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False).returncode:
            raise Trouble("This failed: " + " ".join(command) + "\nIts message is above.")


def is_root() -> bool:
    """Whether we may install system packages."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def system() -> str:
    """The Linux distribution's id, such as debian or ubuntu, or an empty string."""
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line[3:].strip('"') for line in lines if line.startswith("ID=")), "")


def say(text: str) -> None:
    """Print at once, even where the output is a pipe."""
    print(text, flush=True)


def parse(arguments: "list | None" = None) -> argparse.Namespace:
    """The command line."""
    about = "Deep Learning, Twice. " + (__doc__ or "").split("\n\n")[-1]
    parser = argparse.ArgumentParser(prog="course.py", description=about)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(function):
        summary = function.__doc__.splitlines()[0]
        added = commands.add_parser(function.__name__, help=summary, description=summary)
        added.set_defaults(run=function)
        return added

    one = command(start)
    one.add_argument("--port", type=int, help="where JupyterLab listens (default: a free port)")
    one.add_argument("--no-browser", action="store_true", help="print the address only")
    mine = ROOT / "my-course"
    one.add_argument(
        "--dir", type=Path, default=mine, help="your working copy (default: my-course)"
    )
    two = command(test)
    two.add_argument("stages", nargs="*", metavar="STAGE", help=" or ".join(STAGES))
    two.add_argument("--fast", action="store_true", help="units only")
    three = command(lessons)
    three.add_argument("names", nargs="*", metavar="LESSON", help="such as 02 or backpropagation")
    four = command(bench)
    four.add_argument("names", nargs="*", metavar="NAME", help="files of benchmarks/, without .py")
    for added in (two, three, four, command(check)):
        added.add_argument("--here", action="store_true", help="use this Python, not .venv")
    options = parser.parse_args(arguments)
    for stage in getattr(options, "stages", []):
        if stage not in STAGES:
            parser.error(f"unknown stage {stage!r}: choose from {', '.join(STAGES)}")
    if getattr(options, "dir", None):
        options.dir = options.dir.expanduser().resolve()
    return options


def main() -> None:
    """Run the command; an expected trouble is told in words, without a traceback."""
    options = parse()
    try:
        options.run(options)
    except Trouble as trouble:
        sys.exit(f"\n{trouble}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Run the same command again: what is done is kept.")


if __name__ == "__main__":
    main()
