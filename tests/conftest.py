"""Fixtures that several folders share, and no deadline for one example of a property: a shared core may be late."""

from hypothesis import settings

from tests.helpers.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]

settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")
