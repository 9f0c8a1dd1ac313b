"""Clients that are not written in Python, by their User-Agent, with the advice if one dials a venue."""

from typing import NamedTuple

from mockexchange.guard.venue_data import VENUE_DATA


class UserAgent(NamedTuple):
    """A client. `folder` is its package in node_modules, `mark` a part of its User-Agent in lower case."""

    client: str
    folder: str
    mark: str
    advice: str


USER_AGENTS = tuple(UserAgent(**row) for data in VENUE_DATA.values() for row in data["user_agents"])


def user_agent_of(header: str) -> UserAgent | None:
    """Return the client with that header User-Agent; None if unknown."""
    return next((agent for agent in USER_AGENTS if agent.mark in header.lower()), None)
