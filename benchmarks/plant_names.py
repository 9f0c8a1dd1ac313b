"""Names of what is changed in servers of histories that the histories themselves have to know."""

SESSION_READS = "session reads"
SESSION_IGNORED = "session ignored"
