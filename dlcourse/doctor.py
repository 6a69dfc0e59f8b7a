"""Is everything here that the course needs?  `dlcourse doctor`, and the table of lesson 00."""

import json
import subprocess
import sys
from pathlib import Path

from jupyter_client.manager import KernelManager
from jupyter_core.paths import jupyter_path
from jupyterlab_server.config import get_page_config

from .teach.doctor import Check, basics, guarded, verdict

__all__ = ["Check", "examine", "verdict"]

# The prebuilt parts of JupyterLab that show our widgets, and the packages they come with.
FRONT_ENDS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "anywidget": "anywidget"}
START_TIMEOUT = 60  # seconds; a cold start from a slow disk takes long
QUESTION = "import json, sys; print(json.dumps([1 + 1, sys.prefix]))"


def examine() -> list[Check]:
    """Run every check, in a stable order; none of them raises."""
    return [*basics(), guarded("kernel", kernel), guarded("widgets", widgets)]


def kernel() -> Check:
    """Start a kernel as JupyterLab would, and let it compute 1 + 1."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        total, prefix = json.loads(_ask(manager))
    finally:
        manager.shutdown_kernel(now=True)
    if total != 2:
        return Check("kernel", "fail", f"1 + 1 gave {total}", "Install the course again")
    if Path(prefix).resolve() != Path(sys.prefix).resolve():
        cure = f"{sys.executable} -m ipykernel install --prefix {sys.prefix}"
        return Check("kernel", "warn", f"it runs in {prefix}, not in {sys.prefix}", cure)
    return Check("kernel", "ok", f"{manager.kernel_name} starts and computes")


def _ask(manager: KernelManager) -> str:
    """What the kernel prints in answer to `QUESTION`."""
    said: list[str] = []
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=START_TIMEOUT)
        client.execute_interactive(
            QUESTION,
            timeout=START_TIMEOUT,
            output_hook=lambda message: said.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
    return "".join(said)


def widgets() -> Check:
    """Whether JupyterLab has the front ends of our widgets, and none is switched off."""
    found = {name: _version(name) for name in FRONT_ENDS}
    missing = [FRONT_ENDS[name] for name, version in found.items() if not version]
    if missing:
        cure = "pip install --force-reinstall --no-deps " + " ".join(missing)
        return Check("widgets", "fail", "no front end of " + ", ".join(missing), cure)
    disabled = get_page_config(jupyter_path("labextensions")).get("disabledExtensions", [])
    off = [name for name in FRONT_ENDS if name in disabled]
    if off:
        cure = "jupyter labextension enable " + " ".join(off)
        return Check("widgets", "fail", ", ".join(off) + " is switched off", cure)
    return Check("widgets", "ok", ", ".join(f"{name} {v}" for name, v in found.items()))


def _version(front_end: str) -> str:
    """The version of an installed lab extension, or an empty string."""
    for folder in jupyter_path("labextensions"):
        manifest = Path(folder, front_end, "package.json")
        if manifest.is_file():
            return json.loads(manifest.read_text(encoding="utf-8"))["version"]
    return ""
