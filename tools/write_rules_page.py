"""Write docs/verify-rules.md: each rule of the contract kit under a heading of its own, which reports point to."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mockexchange.kit.client.rules import RULES as CLIENT_RULES
from mockexchange.kit.schemathesis.outcome import DESCRIPTIONS
from mockexchange.kit.validation import answers, frames
from mockexchange.kit.venues import KITS
from tools.pages import DOCS

TARGET = DOCS / "verify-rules.md"
HEAD = """# Rules of the contract kit

Every finding of [verify server](verify-server.md) and [verify client](verify-client.md) names its rule; this page has
them all, written by `python -m tools.write_rules_page`. `--only` and `--skip` take their names.
"""
OF_EVERY_ANSWER = {
    answers.RULE: "Each answer has a documented status, headers and body.",
    frames.DOCUMENTED: "Each frame has the schema of its message.",
    frames.COMPACT: "A frame is written without spaces.",
    frames.NEWLINE: "A frame ends as it was recorded.",
    frames.KEY_ORDER: "The keys of a frame are in the recorded order.",
    frames.COMMANDS: "Each command is allowed by the document.",
    "stream.open": "A stream stays open until the client closes it.",
}


class Entry(NamedTuple):
    """A rule as the page shows it."""

    rule: str
    description: str
    more: str = ""
    place: str = ""
    is_write: bool = False


def render(page: str = "") -> str:
    """Return the whole page; `page` is what it was before."""
    parts = [
        ("Rules about a server", _server_rules()),
        (
            "Rules about every answer and frame",
            (Entry(rule, description) for rule, description in OF_EVERY_ANSWER.items()),
        ),
        (
            "Rules about generated requests",
            (Entry(rule, f"{description[:1].upper()}{description[1:]}.") for rule, description in DESCRIPTIONS.items()),
        ),
        ("Rules about the traffic of a client", (Entry(one.name, one.description) for one in CLIENT_RULES.values())),
    ]
    return HEAD + "".join(f"\n## {title}\n{''.join(map(_shown, rules))}" for title, rules in parts)


def _server_rules() -> Iterable[Entry]:
    """Return the rules of all venues by name; a rule of several venues is shown once."""
    found: dict[str, Entry] = {}
    for kit in KITS.values():
        for checks, is_write in ((kit.checks, False), (kit.stream_checks, False), (kit.write_checks, True)):
            for check in checks:
                more = " ".join((check.judge.__doc__ or "").split())
                found.setdefault(check.rule, Entry(check.rule, check.description, more, check.place, is_write))
    return sorted(found.values())


def _shown(entry: Entry) -> str:
    return "".join(f"\n{line}\n" for line in _lines(entry))


def _lines(entry: Entry) -> Iterator[str]:
    yield f"### {entry.rule}"
    yield entry.description
    if entry.more:
        yield entry.more
    if entry.place:
        yield f"Source: {entry.place}.{' Judged with `--writes` only.' if entry.is_write else ''}"


def main() -> None:
    TARGET.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
