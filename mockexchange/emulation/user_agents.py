"""Clients that are not written in Python: what they call themselves, and what to change where one dials a venue."""

from typing import NamedTuple


class Agent(NamedTuple):
    """`folder` is its package in node_modules, `mark` what is in its User-Agent, in small letters."""

    client: str
    folder: str
    mark: str
    advice: str


AGENTS = (
    Agent(
        client="kalshi-typescript",
        folder="kalshi-typescript",
        mark="typescript-axios",
        advice="kalshi-typescript reads no variables and calls the real exchange unless Configuration gets a basePath",
    ),
    Agent(
        client="ccxt",
        folder="ccxt",
        mark="ccxt",
        advice="ccxt reads no variables and calls the real exchange unless urls.api is set",
    ),
)


def agent_of(words: str) -> Agent | None:
    """Return the client with that User-Agent."""
    return next((agent for agent in AGENTS if agent.mark in words.lower()), None)
