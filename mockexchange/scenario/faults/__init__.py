"""The schema of faults: the rules, their effects, and the lags of reads."""
