"""Generate mockexchange/api/synchronous from mockexchange/api/asynchronous: the same calls, without `await`.

    .venv-dev/bin/python tools/write_sync_api.py

Names are mapped token by token, so that the result stays readable; ruff formats it afterwards.
"""

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "mockexchange" / "api" / "asynchronous"
TARGET = ROOT / "mockexchange" / "api" / "synchronous"
DROPPED = frozenset({"async", "await"})
NAMES = {
    "asynccontextmanager": "contextmanager",
    "short_traceback_asynccontextmanager": "short_traceback_contextmanager",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "aclose": "close",
    "asynchronous": "synchronous",
    "connect_async": "connect",
    "serve_async": "serve",
    "settle_async": "settle",
    "PredicateAsync": "Predicate",
}
KEPT = frozenset({"AsyncHandler"})
"""Names that are the same in both: types for asynchronous clients."""
PREFIXED = re.compile(r"Async(?=[A-Z])")
WORD = re.compile(r"\w+")
HEAD = "# Written by tools/write_sync_api.py from {path}: change that.\n"
PACKAGE = '"""The API as plain calls: the generated twin of mockexchange.api.asynchronous."""\n'


def main() -> None:
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


def written() -> dict[Path, str]:
    """Return every file of the synchronous package with its text."""
    modules = [path for path in sorted(SOURCE.glob("*.py")) if path.name != "__init__.py"]
    twins = {TARGET / path.name: _module(path) for path in modules}
    return {TARGET / "__init__.py": PACKAGE, **twins}


def _module(path: Path) -> str:
    head = HEAD.format(path=path.relative_to(ROOT).as_posix())
    return formatted(head + synchronous(path.read_text(encoding="utf-8")), TARGET / path.name)


def synchronous(source: str) -> str:
    """Return a module's text without `async` and `await`."""
    lines = source.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        replaced = _replacement(token)
        if replaced is None or token.start[0] != token.end[0]:
            if replaced is not None:
                _replace_lines(lines, token, replaced)
            continue
        line = lines[token.start[0] - 1]
        end = token.end[1]
        if not replaced:
            end += len(line[end:]) - len(line[end:].lstrip(" "))
        lines[token.start[0] - 1] = line[: token.start[1]] + replaced + line[end:]
    return "".join(lines)


def _replacement(token: tokenize.TokenInfo) -> str | None:
    """Return the replacement of a token; None if it is unchanged."""
    if token.type == tokenize.NAME:
        return "" if token.string in DROPPED else _named(token.string)
    if token.type in (tokenize.STRING, tokenize.COMMENT):
        return WORD.sub(lambda word: _named(word[0]), token.string)
    return None


def _named(word: str) -> str:
    return word if word in KEPT else NAMES.get(word) or PREFIXED.sub("", word)


def _replace_lines(lines: list[str], token: tokenize.TokenInfo, text: str) -> None:
    first, last = token.start[0] - 1, token.end[0] - 1
    whole = lines[first][: token.start[1]] + text + lines[last][token.end[1] :]
    lines[first : last + 1] = whole.splitlines(keepends=True)


def formatted(text: str, path: Path) -> str:
    """Return the text formatted by ruff, with sorted imports."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--select=I", "--fix", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run(
            [*ruff, *command, f"--stdin-filename={path}", "-"], input=text, capture_output=True, text=True, check=True
        )
        text = done.stdout
    return text


if __name__ == "__main__":
    main()
