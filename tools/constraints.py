"""Write constraints.txt: the exact versions in this environment, which the tests have seen.

Run it in a .venv made with every extra, after the tests are green:  python -m tools.constraints
"""

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FILE = Path(__file__).resolve().parents[1] / "constraints.txt"
EXTRAS = ("", "test", "class", "bench", "dev")
HEADER = """\
# The exact versions that are tested; pyproject.toml holds the ranges.
# Written by: python -m tools.constraints
"""


def requirements(owner: Distribution, extras: set[str]) -> Iterator[Requirement]:
    """What `owner` with `extras` needs on this platform."""
    for text in owner.requires or []:
        need = Requirement(text)
        if any(need.marker is None or need.marker.evaluate({"extra": e}) for e in extras | {""}):
            yield need


def closure(extras: tuple[str, ...] = EXTRAS) -> dict[str, str]:
    """Every distribution that the course with `extras` needs here: name -> version, no local part.

    A package that is needed but not installed raises PackageNotFoundError, which names it.
    """
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    todo = list(requirements(distribution("dlcourse"), set(extras)))
    while todo:
        need = todo.pop()
        name = canonicalize_name(need.name)
        fresh = {extra for extra in {"", *need.extras} if (name, extra) not in seen}
        if not fresh or name == "dlcourse":
            continue
        seen |= {(name, extra) for extra in fresh}
        owner = distribution(name)
        found[name] = Version(owner.version).public
        todo += requirements(owner, fresh)
    return dict(sorted(found.items()))


def main() -> None:
    """Write the file, and say how many versions it holds."""
    try:
        pins = closure()
    except PackageNotFoundError as missing:
        raise SystemExit(f"{missing}: install every extra first") from None
    FILE.write_text(HEADER + "".join(f"{n}=={v}\n" for n, v in pins.items()), encoding="utf-8")
    print(f"{FILE.name}: {len(pins)} versions")


if __name__ == "__main__":
    main()
