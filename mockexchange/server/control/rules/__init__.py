"""The control API of the rules that are installed by name: faults and stubs."""
