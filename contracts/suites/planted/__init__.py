"""Faults that are planted in the server one at a time; the suites have to find every one."""
