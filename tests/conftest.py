"""Fixtures that several folders share."""

from tests.helpers.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]
