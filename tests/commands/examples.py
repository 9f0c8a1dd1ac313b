"""Examples of every command, step and event: `examples.txt`, which tests read instead of tables of their own.

A line that begins with `do` is a step, one with `log` a command that no step makes; `#` begins an exchange, `##` a part
of the same one. The indented lines are what becomes of them: the command in the log, the events in JSON whose form was
not shown before, and the types of all events or the refusal. `python -m tests.commands.examples` writes them anew.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from mockexchange.core.commands import Command
from mockexchange.core.events import Event
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.core.instants import parse_instant
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import written_tag
from mockexchange.sandbox.state_json.events import event_of
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.steps import STEP
from mockexchange.store.codec import COMMANDS

FILE = Path(__file__).with_name("examples.txt")
BEGINS_AT = parse_instant("2025-11-04T12:00:00Z")
STEP_US = 1_000_000


class Example(NamedTuple):
    line: str
    exchange: str
    """The name of the exchange on which it is played, from the line with `#`."""
    part: str
    step: str | None
    """The step as YAML, or None of a command that no step makes."""
    command: Command
    at: int
    outcome: Outcome

    @property
    def body(self) -> Any:
        """The step as a client sends it in JSON."""
        return as_json(yaml.safe_load(self.step or ""))

    @property
    def brings(self) -> list[str]:
        """The types of its events, each once."""
        events = () if isinstance(self.outcome, Refusal) else self.outcome
        return list(dict.fromkeys(written_tag(type(event)) for event in events))


def as_json(value: Any) -> Any:
    """Return a value of YAML, which knows days and instants, as JSON has it."""
    return json.loads(json.dumps(value, default=lambda instant: instant.isoformat().replace("+00:00", "Z")))


def play(text: str) -> Iterator[Example]:
    """Carry out the steps and commands at the margin of a text, one after another."""
    exchange, name, part, at = Exchange(), "", "", BEGINS_AT
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "#":
            exchange, name, part, at = Exchange(), rest, "", BEGINS_AT
        elif word == "##":
            part = rest
        elif word in {"do", "log"}:
            step = rest if word == "do" else None
            command = STEP.read(read_yaml(rest, str(FILE)), "").command if step else logged(rest)
            at += STEP_US
            yield Example(line, name, part, step, command, at, exchange.execute(command, at))


def logged(text: str) -> Command:
    [(name, fields)] = msgspec.json.decode(text).items()
    return msgspec.convert(fields, COMMANDS[name])


def form(event: Event) -> tuple[type, tuple[bool, ...]]:
    """Return the type of an event, and which of its fields are empty."""
    return type(event), tuple(getattr(event, name) in (None, ()) for name in event.__struct_fields__)


def new_forms(examples: list[Example]) -> Iterator[list[Event]]:
    """Yield for each example its events of forms that none before it had."""
    known = set[Any]()
    for example in examples:
        events = () if isinstance(example.outcome, Refusal) else example.outcome
        found = {form(event): event for event in reversed(events) if form(event) not in known}
        known.update(found)
        yield [event for event in events if found.get(form(event)) is event]


def render(text: str) -> str:
    """Return the text with what becomes of its steps and commands."""
    played = list(play(text))
    below = dict(zip((id(one) for one in played), new_forms(played), strict=True))
    told, lines = iter(played), []
    for line in text.splitlines():
        if line.startswith(" "):
            continue
        lines.append(line)
        if line.startswith(("do ", "log ")):
            one = next(told)
            if one.step:
                lines.append(f"  log {msgspec.json.encode({written_tag(type(one.command)): one.command}).decode()}")
            shown = (json.dumps(event_of(event), separators=(",", ":"), ensure_ascii=False) for event in below[id(one)])
            lines += [f"  {event}" for event in shown]
            if isinstance(one.outcome, Refusal):
                lines.append(f"  refused {one.outcome.code}: {one.outcome.message}")
            else:
                lines.append(" ".join(["  brings", *one.brings]))
    return "\n".join(lines) + "\n"


EXAMPLES = list(play(FILE.read_text(encoding="utf-8")))
HISTORIES: dict[str, list[Command]] = {
    name: [one.command for one in told if not isinstance(one.outcome, Refusal)]
    for name, told in groupby(EXAMPLES, key=attrgetter("exchange"))
}
"""The commands that are carried out, by exchange; each builds on those before it."""
EVENTS = [event for events in new_forms(EXAMPLES) for event in events]
"""An event of each form."""


if __name__ == "__main__":
    FILE.write_text(render(FILE.read_text(encoding="utf-8")), encoding="utf-8")
