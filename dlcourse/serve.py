"""Start JupyterLab on a folder of lessons: quiet, offline, and with this Python's kernel."""

import os
import signal
import subprocess
import sys
import webbrowser
from pathlib import Path
from urllib.parse import quote

from jupyter_server.serverapp import list_running_servers

# Defaults below the user's own settings: no question about news when the page opens.
CONFIG = Path(__file__).parent / "_jupyter"


def serve(folder: Path, notebook: str, port: int | None = None, browser: bool = True) -> int:
    """Open `notebook` of `folder` in JupyterLab, until it is stopped; returns its exit status.

    A server that already runs on the same folder is used again, unless another port is asked for.
    """
    running = None if port else already(folder)
    if running:
        return _reopen(running, notebook, browser)
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(sys.executable, command(folder, notebook, port, browser), environment())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for JupyterLab
    return subprocess.run(
        command(folder, notebook, port, browser), env=environment(), check=False
    ).returncode


def command(folder: Path, notebook: str, port: int | None, browser: bool) -> list[str]:
    """The command line of JupyterLab."""
    options = {
        "ServerApp.root_dir": folder,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.log_level": "WARN",
        "LabApp.log_level": "WARN",
        "LabApp.default_url": f"/lab/tree/{quote(notebook)}",
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
    }
    if port:
        options |= {"ServerApp.port": port, "ServerApp.port_retries": 0}
    flags = [] if browser else ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--allow-root")
    return [sys.executable, "-m", "jupyterlab", *flags, *(f"--{k}={v}" for k, v in options.items())]


def environment() -> dict[str, str]:
    """Ours, with the quiet defaults, and with the kernels of this Python before the user's own."""
    path = os.pathsep.join(filter(None, [os.environ.get("JUPYTER_CONFIG_PATH"), str(CONFIG)]))
    env = os.environ | {"JUPYTER_CONFIG_PATH": path, "JUPYTER_PREFER_ENV_PATH": "1"}
    env.pop("MPLBACKEND", None)  # figures belong into the notebook
    return env


def already(folder: Path) -> dict[str, str] | None:
    """The running server whose root is `folder`, if there is one."""
    servers = list_running_servers()
    return next((s for s in servers if Path(s["root_dir"]) == folder), None)


def _reopen(server: dict[str, str], notebook: str, browser: bool) -> int:
    address = f"{server['url']}lab/tree/{quote(notebook)}?token={server['token']}"
    print(f"JupyterLab is already running on this folder:\n    {address}")
    if browser:
        webbrowser.open(address)
    return 0
