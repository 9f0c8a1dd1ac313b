"""The format of faults in a scenario: rules, their effects, and the delays after which reads show a write."""
