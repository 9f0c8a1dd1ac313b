"""Runs test cards with a client's command: once without faults, then once for each card that its traffic can decide."""

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from mockexchange.clients.own_variables import replacements
from mockexchange.clients.published import CLIENT_SETUPS, client_of, variables_of
from mockexchange.kit.client.card_verdicts import CardRun, judge, not_judged
from mockexchange.kit.client.cards import PAGE, Card
from mockexchange.kit.client.processes import CommandFailed, CommandResult, run_command, shown_command
from mockexchange.kit.client.rules.signing import refused
from mockexchange.kit.client.sandboxes import CALLS_MAX, CONNECTIONS_MAX, LOOPS, TOO_MANY, CardSandboxes, Session
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.findings import Finding, Verdict

START_S_MAX = 3.0
"""The time in seconds for the start of a command that never ends by itself."""
NOTHING = Traffic((), ())
SIGNING_CARDS = "R01 to R04"
"""The numbers of the test cards about refused requests."""
ONLY_ADAPTERS = "only an adapter can show what a client understood (--adapter)"


@dataclass
class CommandCardRunner:
    """Runs test cards with a client's command.

    `client` is the published client whose environment variables are set; `timeout_s` limits each run.
    """

    sandboxes: CardSandboxes
    command: Sequence[str]
    client: str
    timeout_s: float
    reproduction: Callable[[Card], str]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    traffic: Traffic = NOTHING
    """The traffic of the run without faults."""

    def survey(self) -> CommandResult:
        """Run the command without faults, with signatures checked. Raises CommandFailed if it cannot be tested."""
        with self.sandboxes.open(self.sandboxes.plan) as session:
            ran = self._run(session, "", self.timeout_s)
            self.traffic = session.traffic()
        if self.traffic.is_empty:
            how = "was stopped" if ran.exit_code is None else f"ended with exit code {ran.exit_code}"
            raise CommandFailed(
                f"`{shown_command(self.command)}` {how} and sent nothing to the sandbox:"
                f" does it read its base URL from the environment? Its last output: {ran.last_line}"
            )
        return ran

    def play(self, card: Card, undisturbed: CommandResult) -> Verdict:
        """Run the command for one test card and return the verdict. Raises CommandFailed.

        A card about orders uses the scenario of the whole run, whose markets the command knows.
        """
        began_s = time.perf_counter()
        card = replace(card, scenario="", account="") if card.changes_orders else card
        card = replace(card, needs=replace(card.needs, positions=None))
        problem = self.sandboxes.reason_to_skip(card) or _problem(card, self.traffic)
        if problem:
            return not_judged(card, problem)
        with self.sandboxes.play(card) as session:
            private_pem = session.private_text(card.account)
            usual_s = START_S_MAX if undisturbed.exit_code is None else undisturbed.seconds
            ran = self._run(session, card.account, min(self.timeout_s, card.seconds + usual_s))
            traffic = session.traffic()
        trial = CardRun(traffic, ran=ran, undisturbed=undisturbed, output=ran.output, private_pem=private_pem)
        return judge(card, trial, self.sandboxes.documents(card.api_date), self.reproduction(card), began_s)

    def _run(self, session: Session, account: str, seconds_max: float) -> CommandResult:
        def watch() -> str:
            if session.connection_count > CONNECTIONS_MAX:
                raise CommandFailed(f"`{shown_command(self.command)}` was stopped: {TOO_MANY}")
            return LOOPS if session.call_count > CALLS_MAX else ""

        environment = environment_of(session, self.client, account, self.environment)
        return run_command(self.command, environment, seconds_max, watch)


def _problem(card: Card, seen: Traffic) -> str:
    """Return why a card cannot be judged by the command's traffic, "" if it can."""
    needs = card.needs
    if card.is_for_adapters:
        return ONLY_ADAPTERS
    if needs.operation and needs.operation not in seen.operations:
        is_refused = f"; its requests are refused: see {SIGNING_CARDS}" if refused(seen) else ""
        return f"the command never called {needs.operation}{is_refused}"
    if needs.channel and needs.channel not in seen.channels:
        return f"the command never subscribed to {needs.channel}"
    if needs.method and not any(call.method == needs.method for call in seen.requests):
        return f"the command never sent a {needs.method}"
    return "the command never opened a stream" if needs.stream and not seen.channels else ""


def play_with_command(
    runner: CommandCardRunner, cards: Sequence[Card], at: Callable[[str], None]
) -> Generator[Verdict]:
    """Run test cards one after the other and yield verdicts; `at` is called with the title of each step.

    Raises CommandFailed.
    """
    at("the command as it is")
    ran = runner.survey()
    notes = tuple(_stopped(ran, runner))
    for card in cards:
        at(f"{card.number} {card.title}")
        verdict = runner.play(card, ran) if not card.is_survey_only else _of_survey(runner, card)
        yield replace(verdict, notes=(*notes, *verdict.notes))
        notes = ()


def _of_survey(runner: CommandCardRunner, card: Card) -> Verdict:
    documents, reproduction = runner.sandboxes.documents(), runner.reproduction(card)
    return judge(card, CardRun(runner.traffic), documents, reproduction, time.perf_counter())


def _stopped(ran: CommandResult, runner: CommandCardRunner) -> Iterator[Finding]:
    """Yield a note if the command did not end by itself: it may hang, and part of its traffic may be missing."""
    if ran.exit_code is None:
        seen = f"the command was stopped after {ran.seconds:.0f} s: {ran.why}"
        expected = "an end by itself; it is judged by what it did until then (--timeout)"
        yield Finding("command", shown_command(runner.command), seen, expected, PAGE)


def environment_of(session: Session, client: str, account: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a published client (or "generic") that uses an account. Raises NoSuchAccount.

    The user's keys, and URLs of real venues, are replaced by the sandbox's; other variables are passed on.
    """
    known, values = client_of(client, session.venue.name), _template_values(session, account)
    origins = dict.fromkeys(CLIENT_SETUPS, values["origin"])
    own = replacements(environment, {session.venue.name: values}, origins)
    pointers = variables_of(known, values, environment)
    pointers = {name: value for name, value in pointers.items() if value is None or own.get(name) is None}
    variables = {**environment, **own, **pointers}
    return {name: value for name, value in variables.items() if value is not None}


def _template_values(session: Session, account: str) -> dict[str, str]:
    connection, origin = session.connection_details(account), urlsplit(session.base_url).netloc
    return {
        "base_url": connection.base_url,
        "ws_url": connection.ws_url,
        "origin": f"http://{origin}",
        "ws_origin": f"ws://{origin}",
        "key_id": connection.key_id,
        "key_path": connection.private_key_path,
        "key_base64": "",
        "key_pem": session.credential(account).private_pem or "",
        "secret": session.credential(account).secret or "",
    }
