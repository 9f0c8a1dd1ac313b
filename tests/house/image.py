"""The container image, as its file says it is: read here, since no engine is needed to hold it to rules."""

import json
import re
import shlex
from collections.abc import Mapping

from tests.house.checkout import ROOT

VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Return (instruction, arguments) of a Dockerfile, continued lines joined."""
    lines = (line for line in dockerfile.splitlines() if not line.startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split()[0].upper(), line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def last_stage(dockerfile: str) -> list[tuple[str, str]]:
    found = instructions(dockerfile)
    return found[max(place for place, (name, _) in enumerate(found) if name == "FROM") :]


def last_of(dockerfile: str, instruction: str) -> str:
    """Return the arguments that are in force at the end, "" if the last stage has no such instruction."""
    return next((arguments for name, arguments in reversed(last_stage(dockerfile)) if name == instruction), "")


def pairs_of(dockerfile: str, instruction: str) -> dict[str, str]:
    """Return what ENV, LABEL or ARG of the last stage set, variables of the file filled in."""
    known: dict[str, dict[str, str]] = {"ARG": {}, "ENV": {}, "LABEL": {}}
    for name, arguments in last_stage(dockerfile):
        if name in known:
            values = {**known["ARG"], **known["ENV"]}
            pairs = dict(each.split("=", 1) for each in shlex.split(arguments) if "=" in each)
            known[name] |= {key: filled(value, values) for key, value in pairs.items()}
    return known[instruction]


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with the variables that are known put in; others stay, as PATH of the image below does."""
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def entry_point(dockerfile: str) -> list[str]:
    command: list[str] = json.loads(last_of(dockerfile, "ENTRYPOINT"))
    return command


def health_check(dockerfile: str) -> list[str]:
    command: list[str] = json.loads(last_of(dockerfile, "HEALTHCHECK").split("CMD", 1)[1])
    return command
