"""The control API of rules that are installed by name: faults and stubs."""
