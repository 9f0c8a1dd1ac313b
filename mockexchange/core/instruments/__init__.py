"""Position arithmetic, one module per kind of instrument: binary contracts, futures and options."""
