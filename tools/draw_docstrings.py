"""Print public docstrings of the package, drawn at random by a seed, for a reader who has not seen the code.

Usage: python tools/draw_docstrings.py SEED COUNT
"""

import ast
import random
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "mockexchange"


def docstrings() -> Iterator[tuple[str, str, str]]:
    """Yield path, name and docstring of every module, public class and public function."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            name, text = getattr(node, "name", "(module)"), ast.get_docstring(node)
            if text and not name.startswith("_"):
                yield path.relative_to(PACKAGE).as_posix(), name, text


def main() -> None:
    seed, count = sys.argv[1:]
    for path, name, text in random.Random(seed).sample(list(docstrings()), int(count)):
        print(f"--- {path}: {name}\n{text}\n")


if __name__ == "__main__":
    main()
