"""Finds the OpenAPI and AsyncAPI documents of the venues: in the installed package, or at the root of a checkout.

They are written from recorded and documented facts, independently of the server; code that answers requests never reads
them. An alias is the name of a document's folder: a month such as "2026-10", or "compat".
"""

import copy
import re
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

import yaml

PACKAGE = Path(__file__).parents[1]
VERSION = re.compile(r"""^  version: ["']?([^"'\n]+)""", re.MULTILINE)
HEAD_CHARS_MAX = 4_000
PARSING = Lock()
OPENAPI, ASYNCAPI = "openapi", "asyncapi"

Document = dict[str, Any]


class NoSuchDocument(LookupError):
    """Raised if a document does not exist; the message lists the documents that exist."""


def directory() -> Path:
    """Return the folder that holds the documents; below it they are at `VENUE/2026-10/openapi.yaml`."""
    installed = PACKAGE / "contracts"
    return installed if installed.is_dir() else PACKAGE.parent / "contracts"


def path_of(subject: str, kind: str = OPENAPI) -> Path:
    """Return the path of a document: `subject` is "control", or a venue and an alias as in "VENUE/2026-10".

    `kind` is "openapi" or "asyncapi". Raises NoSuchDocument.
    """
    path = directory() / subject / f"{kind}.yaml"
    if not path.is_file():
        raise NoSuchDocument(f"there is no {kind} document {subject!r}: there are {', '.join(subjects(kind))}")
    return path


def subjects(kind: str = OPENAPI) -> list[str]:
    """Return the subjects that have a document of this kind, such as "control" or "VENUE/2026-10", sorted."""
    found = (path.parent.relative_to(directory()) for path in directory().glob(f"**/{kind}.yaml"))
    return sorted(one.as_posix() for one in found)


@cache
def versions_of(venue: str) -> dict[str, str]:
    """Return the aliases of a venue's documents, by the document's version, which is a day or "compat"."""
    return {_version_in(path_of(one)): one.partition("/")[2] for one in subjects() if one.startswith(f"{venue}/")}


def _version_in(path: Path) -> str:
    """Return the version in a document's head, without parsing the whole of it."""
    with path.open(encoding="utf-8") as file:
        head = file.read(HEAD_CHARS_MAX)
    found = VERSION.search(head)
    assert found, f"{path} begins with its version"
    return found[1]


@cache
def alias_of(venue: str, day: str | None) -> str | None:
    """Return the alias of a venue's document for the API date `day`; None if there is no such document.

    Without a day it is the document for `compat`, the API date that serves every field of every date.
    """
    return versions_of(venue).get(day or "compat")


@cache
def alias_before(venue: str, day: str) -> str:
    """Return the alias of a venue's newest document that is not later than `day`, or of the oldest if all are later."""
    dated = versions_of(venue)
    days = sorted(version for version in dated if version[0].isdigit())
    return dated[max((one for one in days if one <= day), default=days[0])]


def read(subject: str, kind: str = OPENAPI) -> Document:
    """Return a parsed document, as a copy that the caller may change. Raises NoSuchDocument."""
    return copy.deepcopy(parse(path_of(subject, kind)))


def parse(path: Path) -> Document:
    """Return the parsed document at a path, cached; callers must not change it.

    If several threads need it at once, it is parsed only once.
    """
    with PARSING:
        return _parse(path)


@cache
def _parse(path: Path) -> Document:
    with path.open(encoding="utf-8") as file:
        return parse_text(file)


def parse_text(text: str | TextIO) -> Document:
    """Parse the YAML of a text or a file, with the compiled loader if there is one, which is seven times as fast."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: Document = yaml.load(text, loader)  # noqa: S506  # both are safe loaders
    return document
