"""Imports only point down (the table of rooms), and each room keeps to its libraries."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dlcourse"

# Each room of the package, and the rooms it may import from.  What is not named here is the top.
BELOW = {
    "scratch": set(),
    "models": {"scratch"},
    "data": {"scratch"},
    "teach": {"models", "data", "scratch"},
    "topics": {"teach", "models", "data", "scratch"},
    "show": {"topics", "teach", "models", "data", "scratch"},
}
JUPYTER = {"IPython", "anywidget", "ipywidgets", "traitlets", "nbformat", "nbclient", "ipykernel"}
# What lies beside the package, and helpers that tests import by their bare name.
OURS = {"course", "tests", "tools", *(path.stem for path in (ROOT / "tests").rglob("*.py"))}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """The room a file lives in; files beside the rooms (cli, doctor) are each their own."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, tree: ast.AST) -> set[str]:
    """The dotted names of all that `path` imports, anywhere in it, relative ones made absolute."""
    package = path.relative_to(ROOT).parts[:-1]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{name}.{alias.name}" for alias in node.names}
    return found


def rooms_used(path: Path, tree: ast.AST) -> set[str]:
    names = (name.split(".") for name in imports(path, tree))
    return {parts[1] for parts in names if parts[0] == "dlcourse" and len(parts) > 1}


def libraries(path: Path, tree: ast.AST) -> set[str]:
    tops = {name.split(".")[0] for name in imports(path, tree)}
    return tops - set(sys.stdlib_module_names) - {"dlcourse"}


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    mine = room(path)
    if mine in BELOW:
        used = rooms_used(path, parsed(path)) & {*BELOW, "cli", "doctor", "serve", "commands"}
        assert used <= BELOW[mine] | {mine}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_room_keeps_to_its_libraries(path):
    used = libraries(path, parsed(path))
    if room(path) == "scratch":
        assert used <= {"numpy"}
    if room(path) in {"models", "data", "teach", "topics"}:
        assert not {u for u in used if u in JUPYTER or u.startswith("jupyter")}


def test_every_folder_of_the_package_is_a_known_room():
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.rglob("*.py"))}
    assert folders <= {*BELOW, "commands"}


def test_the_check_sees_an_import_that_points_up():
    path = PACKAGE / "teach" / "imagined.py"
    tree = ast.parse("def f():\n    from ..show import base\n    import ipywidgets")
    assert rooms_used(path, tree) == {"show"}
    assert libraries(path, tree) == {"ipywidgets"}


@pytest.mark.parametrize(
    ("folder", "extras"), [("dlcourse", ["class"]), ("tests", ["test"]), ("tools", ["test"])]
)
def test_every_library_that_is_imported_is_declared(folder, extras):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [project["dependencies"], *(project["optional-dependencies"][e] for e in extras)]
    declared = {canonicalize_name(Requirement(n).name) for some in needs for n in some}
    owners = packages_distributions()
    used = {library for p in (ROOT / folder).rglob("*.py") for library in libraries(p, parsed(p))}
    missing = {
        library
        for library in used - OURS
        if not {canonicalize_name(name) for name in owners.get(library, [library])} & declared
    }
    assert not missing, f"imported in {folder}, but not named in pyproject.toml"
