"""The API documents: beside the package when it is installed, else at the root of a checkout.

They are written from facts, independently of the server; code that answers requests never reads them.
"""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PACKAGE = Path(__file__).parents[1]
OPENAPI, ASYNCAPI = "openapi", "asyncapi"

Document = dict[str, Any]


class NoSuchDocument(LookupError):
    """There is no such document; the message lists the documents."""


def directory() -> Path:
    """Return the folder that holds the documents, by venue and alias: `VENUE/2026-10/openapi.yaml`."""
    installed = PACKAGE / "contracts"
    return installed if installed.is_dir() else PACKAGE.parent / "contracts"


def path_of(subject: str, kind: str = OPENAPI) -> Path:
    """Return where a document is: `subject` is "control", or venue and alias as in "VENUE/2026-10".

    Raises NoSuchDocument.
    """
    path = directory() / subject / f"{kind}.yaml"
    if not path.is_file():
        raise NoSuchDocument(f"there is no {kind} document {subject!r}: there are {', '.join(subjects(kind))}")
    return path


def subjects(kind: str = OPENAPI) -> list[str]:
    """Return every subject that has a document of a kind, in order."""
    found = (path.parent.relative_to(directory()) for path in directory().glob(f"**/{kind}.yaml"))
    return sorted(one.as_posix() for one in found)


@cache
def alias_of(venue: str, day: str | None) -> str | None:
    """Return the alias of the document of a day, "2025-11-03", or of no day (compat); None if there is none."""
    version = day or "compat"
    found = [one for one in subjects() if one.startswith(f"{venue}/")]
    return next((one.partition("/")[2] for one in found if parse(path_of(one))["info"]["version"] == version), None)


@cache
def alias_before(venue: str, day: str) -> str:
    """Return the alias of the last document not after a day; the first one if all are later."""
    dated = {
        parse(path_of(one))["info"]["version"]: one.partition("/")[2]
        for one in subjects()
        if one.startswith(f"{venue}/")
    }
    days = sorted(version for version in dated if version[0].isdigit())
    return dated[max((one for one in days if one <= day), default=days[0])]


def read(subject: str, kind: str = OPENAPI) -> Document:
    """Return a copy of a document, which may be changed. Raises NoSuchDocument."""
    return copy.deepcopy(parse(path_of(subject, kind)))


@cache
def parse(path: Path) -> Document:
    """Return a document, which must not be changed."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the compiled one is seven times as fast
    with path.open(encoding="utf-8") as file:
        document: Document = yaml.load(file, loader)  # noqa: S506  # both are safe loaders
    return document
