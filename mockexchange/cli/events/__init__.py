"""Events of a running server, read and described in words."""
