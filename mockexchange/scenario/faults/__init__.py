"""The format of faults in a scenario: rules, their effects, and `lag`, the delay after which reads show a change."""
