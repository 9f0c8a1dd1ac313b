"""Private names of libraries are imported nowhere, since any release may change them; attributes are ruff's (SLF).

A public module of a library is one that its documentation describes. The exception is one file with what Hypothesis has
no public name for.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from mockexchange.kit.hypothesis_support import AVAILABLE_PROVIDERS, SAME_EVERYWHERE, charmap_file
from tests.helpers.rows import each_row

PACKAGE = Path(__file__).parents[2] / "mockexchange"
EXEMPTED = "kit/hypothesis_support.py"
PUBLIC = {
    "hypothesis": "configuration errors strategies",
    "httptools": "",
    "starlette": "datastructures exceptions requests responses routing types",
    "uvicorn": "",
    "uvloop": "",
    "websockets": "asyncio.client asyncio.server client exceptions extensions.permessage_deflate frames http11 protocol"
    " server sync.client uri",
}
"""Modules that are documented, beside the package itself, of the libraries that the edge and the kit are made of."""


def private_imports(source: str) -> Iterator[str]:
    """Yield the private names of libraries that a module imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            imported = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in imported:
            library, _, rest = module.partition(".")
            if library in {"mockexchange", "__future__"}:
                continue
            is_known = library not in PUBLIC or not rest or rest in PUBLIC[library].split()
            if not is_known or any(part.startswith("_") for part in (*module.split("."), name)):
                yield f"{module}.{name}".rstrip(".")


def test_no_private_name_of_a_library_is_imported() -> None:
    found = {
        str(path.relative_to(PACKAGE)): names
        for path in sorted(PACKAGE.rglob("*.py"))
        if (names := list(private_imports(path.read_text(encoding="utf-8"))))
    }
    assert list(found) == [EXEMPTED], found
    assert all(name.startswith("hypothesis.internal.") for name in found[EXEMPTED])


@each_row(
    "line",
    [
        "from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol",
        "from uvicorn.server import ServerState",
        "from starlette._utils import is_async_callable",
        "import websockets.legacy.server",
        "from websockets.protocol import _State",
        "from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS",
        "import _thread",
    ],
)
def test_a_private_name_is_found(line: str) -> None:
    assert len(list(private_imports(f"def load():\n    {line}\n"))) == 1


def test_the_version_of_hypothesis_that_is_installed_has_what_is_used_of_it() -> None:
    """A backend of our own is found by its name and draws the same from the same seed; tables have a file."""

    def drawn() -> list[int]:
        values: list[int] = []

        @seed(7)
        @settings(backend=SAME_EVERYWHERE, max_examples=20, database=None)
        @given(st.integers())
        def draw(value: int) -> None:
            values.append(value)

        draw()
        return values

    assert drawn() == drawn() != []
    assert SAME_EVERYWHERE in AVAILABLE_PROVIDERS
    assert charmap_file("codec-v2-utf-8").name.startswith("codec-v2-utf-8")
