"""Values of the Python API: accounts, journal records, rows, outcomes and arguments."""
