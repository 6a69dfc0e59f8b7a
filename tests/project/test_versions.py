"""pyproject.toml, constraints.txt and environment.yml say the same, and it is what is installed."""

import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec

from tools.constraints import EXTRAS, closure

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRA = PROJECT["optional-dependencies"]
NEEDS = [
    Requirement(n) for n in [*PROJECT["dependencies"], *(x for e in EXTRA.values() for x in e)]
]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
PINS = {
    canonicalize_name(line.split("==")[0]): line.split("==")[1]
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}


@pytest.mark.parametrize("need", NEEDS, ids=str)
def test_every_range_has_a_tested_version_inside_it(need):
    pin = PINS[canonicalize_name(need.name)]
    assert need.specifier, f"{need.name} has no lower bound"
    assert need.specifier.contains(pin)


def test_constraints_are_exact_sorted_and_the_same_on_every_platform():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    names = [line.split("==")[0] for line in lines if not line.startswith("#")]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    for name, pin in PINS.items():
        assert Version(pin).local is None, f"{name}: a local build such as +cpu is one platform's"


def test_what_is_installed_is_what_the_constraints_say():
    for extra in EXTRAS:
        try:
            installed = closure((extra,))
        except PackageNotFoundError:
            assert extra not in ("", "test")  # other extras are installed on demand
            continue
        differ = {n: (v, PINS.get(n)) for n, v in installed.items() if PINS.get(n) != v}
        if sys.platform != "linux":  # there a few more are needed, such as colorama
            differ = {n: pair for n, pair in differ.items() if n in PINS}
        assert not differ, "run: python -m tools.constraints"


def test_the_extras_of_the_generator_are_those_of_the_project():
    assert set(EXTRAS) - {""} == set(EXTRA)


def test_conda_gets_python_and_pip_and_all_else_from_the_project():
    *conda, pip = ENVIRONMENT["dependencies"]
    assert [MatchSpec(spec, strict=True).name.normalized for spec in conda] == ["python", "pip"]
    assert pip == {"pip": ["-c constraints.txt", "-e .[test]"]}
    assert (ROOT / "constraints.txt").is_file()


def test_conda_and_pip_agree_on_python():
    spec = MatchSpec(ENVIRONMENT["dependencies"][0], strict=True)
    conda = SpecifierSet(str(spec.version))
    ours = SpecifierSet(PROJECT["requires-python"])
    for minor in range(8, 20):
        version = f"3.{minor}.0"
        if conda.contains(version):
            assert ours.contains(version)
    assert [v for v in ("3.10.0", "3.11.0") if conda.contains(v)] == ["3.11.0"]
    assert [v for v in ("3.10.0", "3.11.0") if ours.contains(v)] == ["3.11.0"]


def test_course_py_names_the_same_oldest_python():
    assert "sys.version_info < (3, 11)" in (ROOT / "course.py").read_text(encoding="utf-8")
    assert PROJECT["requires-python"] == ">=3.11"
