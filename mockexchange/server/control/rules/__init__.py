"""The part of the control API that installs and removes faults and stubs, each of which has a name."""
