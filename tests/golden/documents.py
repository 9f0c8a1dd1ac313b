"""The contract documents of this checkout, from which the recorder takes what there is to ask."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def document(subject: str, kind: str = "openapi") -> Any:
    """Return the document of a venue that has every field of every date, or of the control API."""
    folder = ROOT / "contracts" / (subject if subject == "control" else f"{subject}/compat")
    return read_yaml(folder / f"{kind}.yaml")


@cache
def read_yaml(path: Path) -> Any:
    """Return what a file of YAML says."""
    return yaml.load(path.read_text(encoding="utf-8"), LOADER)  # both are safe loaders
