"""Recognizes clients that are not written in Python by their User-Agent, and gives advice about them.

The advice is shown if such a client connects to a venue.
"""

from typing import NamedTuple

from mockexchange.guard.venue_data import VENUE_DATA


class UserAgent(NamedTuple):
    """A published client: `folder` is its package in node_modules, `mark` a lower-case part of its User-Agent."""

    client: str
    folder: str
    mark: str
    advice: str


USER_AGENTS = tuple(UserAgent(**row) for data in VENUE_DATA.values() for row in data["user_agents"])


def user_agent_of(header: str) -> UserAgent | None:
    """Return the published client that sends the given User-Agent header; None if no known client does."""
    return next((agent for agent in USER_AGENTS if agent.mark in header.lower()), None)
