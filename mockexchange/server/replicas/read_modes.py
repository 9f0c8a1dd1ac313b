"""Names what a read of a server that follows the home contains: the values of `serve --reads`."""

STRICT, SESSION, ANY = "strict", "session", "any"
READS = (STRICT, SESSION, ANY)
"""All acknowledged writes; those whose numbers the client sends; or no promise."""
