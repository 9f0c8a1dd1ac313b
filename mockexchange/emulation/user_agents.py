"""Clients that are not written in Python: what they call themselves, and what to change where one dials a venue."""

from typing import NamedTuple

from mockexchange.guard.venue_data import VENUE_DATA


class UserAgent(NamedTuple):
    """`folder` is its package in node_modules, `mark` what is in its User-Agent, in small letters."""

    client: str
    folder: str
    mark: str
    advice: str


USER_AGENTS = tuple(UserAgent(**row) for data in VENUE_DATA.values() for row in data["user_agents"])


def user_agent_of(words: str) -> UserAgent | None:
    """Return the client with that User-Agent."""
    return next((agent for agent in USER_AGENTS if agent.mark in words.lower()), None)
