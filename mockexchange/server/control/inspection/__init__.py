"""The control API for looking into a sandbox: order books, worth over time, fired faults and steps, and the log."""
