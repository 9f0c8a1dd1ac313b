"""Position arithmetic, one file per kind of contract."""
