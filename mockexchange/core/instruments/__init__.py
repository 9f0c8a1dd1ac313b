"""Position arithmetic, one module per kind of instrument."""
