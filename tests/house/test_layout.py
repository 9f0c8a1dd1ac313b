"""Rules of the layout: the root of the package, cycles of any kind, and venue names.

Each rule is a function over paths and sources, so that a test also shows it a source that it must refuse.
"""

import ast
import re
from collections.abc import Container, Mapping
from pathlib import PurePosixPath

import pytest

from tests.helpers.rows import each_row
from tests.house.architecture import FIRST_VENUE, PACKAGE, VENUES, Import, imports_of, module_of
from tests.house.checkout import ROOT, checkout_files, sources

ROOT_FILES = frozenset({"__init__.py", "__main__.py", "asgi.py", "named_files.py", "py.typed", "version.py"})
ROOT_FOLDERS = frozenset(
    {
        *("api", "cli", "clients", "core", "drift", "emulation", "faults", "guard", "importing", "kit"),
        *(
            "pytest_plugin",
            "recording",
            "replay",
            "runtime",
            "sandbox",
            "scenario",
            "server",
            "snapshot",
            "store",
            "venues",
        ),
    }
)
VENUE_NAME = re.compile("|".join(sorted(VENUES)), re.IGNORECASE)
VENUE_PLACES = (
    *(f"{PACKAGE}/{folder}/{venue}/" for folder in ("venues", "kit") for venue in sorted(VENUES)),
    f"{PACKAGE}/importing/{FIRST_VENUE}/",
    f"{PACKAGE}/venues/registry.py",
    f"{PACKAGE}/kit/venues.py",
)


def imports_in(modules: Mapping[str, str]) -> dict[str, list[Import]]:
    """Return the imports of the package in each module: also those in functions and for type checkers alone."""
    return {
        module_of(path): [
            each
            for node in ast.walk(ast.parse(source))
            for each in imports_of(path, node)
            if each.module.startswith(PACKAGE)
        ]
        for path, source in modules.items()
    }


def graph_of(imports: Mapping[str, list[Import]]) -> dict[str, set[str]]:
    """Return the modules that each module imports."""
    return {
        module: {_place(each, imports) for each in found} & set(imports) - {module} for module, found in imports.items()
    }


def _place(each: Import, modules: Container[str]) -> str:
    return each.target if each.target in modules else each.module


def circle_of(graph: Mapping[str, set[str]]) -> list[str]:
    """Return modules that import each other in a circle, the first found; empty if there is none."""
    done: set[str] = set()
    for start in sorted(graph):
        if circle := _circle_from(start, graph, done, []):
            return circle
    return []


def _circle_from(module: str, graph: Mapping[str, set[str]], done: set[str], above: list[str]) -> list[str]:
    if module in above:
        return above[above.index(module) :]
    if module in done:
        return []
    for other in sorted(graph[module]):
        if circle := _circle_from(other, graph, done, [*above, module]):
            return circle
    done.add(module)
    return []


def venue_name_problems(path: str, source: str) -> list[str]:
    """Return a line for each line that names a venue outside the places that belong to it."""
    if path.startswith(VENUE_PLACES):
        return []
    lines = source.splitlines()
    return [f"{path}:{number}: {line.strip()}" for number, line in enumerate(lines, start=1) if VENUE_NAME.search(line)]


def root_problems(names: set[str]) -> list[str]:
    """Return a line for each file or folder at the root of the package that the layout does not have."""
    return [f"{PACKAGE}/{name}: not part of the layout" for name in sorted(names - ROOT_FILES - ROOT_FOLDERS)]


def test_the_root_of_the_package_is_the_layout() -> None:
    below = [path.relative_to(ROOT / PACKAGE) for path in checkout_files() if path.is_relative_to(ROOT / PACKAGE)]
    names = {path.parts[0] for path in below}
    assert root_problems(names) == []
    assert names >= ROOT_FILES | ROOT_FOLDERS


@pytest.fixture(scope="module")
def imports() -> dict[str, list[Import]]:
    return imports_in(sources(PACKAGE))


def test_no_imports_of_any_kind_form_a_circle(imports: dict[str, list[Import]]) -> None:
    assert circle_of(graph_of(imports)) == []


def test_venues_are_named_in_their_own_folders_alone() -> None:
    found = [line for path, source in sources(PACKAGE).items() for line in venue_name_problems(path, source)]
    assert found == []


def test_every_venue_place_exists() -> None:
    assert [place for place in VENUE_PLACES if not (ROOT / PurePosixPath(place)).exists()] == []


def test_a_circle_for_type_checkers_or_in_a_function_is_reported() -> None:
    there = "import mockexchange.core.a"
    for back in ("if TYPE_CHECKING:\n    import mockexchange.core.b", "def f():\n    import mockexchange.core.b"):
        graph = graph_of(imports_in({"mockexchange/core/a.py": back, "mockexchange/core/b.py": there}))
        assert circle_of(graph) == ["mockexchange.core.a", "mockexchange.core.b"]
    assert circle_of({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@each_row(
    ("path", "is_found"),
    [
        ("mockexchange/server/app.py", True),
        ("mockexchange/venues/venue.py", True),
        ("mockexchange/kit/target.py", True),
        ("mockexchange/venues/kalshi/rest.py", False),
        ("mockexchange/kit/deribit/calls.py", False),
        ("mockexchange/venues/registry.py", False),
    ],
)
def test_a_venue_name_is_reported_outside_its_places(path: str, is_found: bool) -> None:
    assert venue_name_problems(path, "x = 1\n# as Kalshi does\n") == (
        [f"{path}:2: # as Kalshi does"] if is_found else []
    )


def test_a_new_module_at_the_root_is_reported() -> None:
    assert root_problems({"__init__.py", "core", "helpers.py"}) == ["mockexchange/helpers.py: not part of the layout"]
