"""Faults: rules that disturb what crosses the wire, never the state of the exchange.

A rule matches requests, handshakes or frames, counts its matches and fires on some of them. Which ones is a function of
the seed, the rule's name and that count, so a run can be repeated. Installing and removing a rule is logged, its firing
is journalled.
"""
