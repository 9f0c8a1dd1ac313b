"""The part of the control API that looks into a sandbox: order books, worth over time, effects of faults, the log."""
