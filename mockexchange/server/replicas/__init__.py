"""Several servers on one database: one of them, the home, does all that changes or counts; the others answer reads."""
