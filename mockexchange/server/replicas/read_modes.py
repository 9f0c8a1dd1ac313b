"""Names the modes of reads at a server that does not write, which determine how new an answer is: `serve --reads`."""

STRICT, SESSION, ANY = "strict", "session", "any"
READS = (STRICT, SESSION, ANY)
"""All acknowledged writes; those whose numbers the client sends; or no promise."""
