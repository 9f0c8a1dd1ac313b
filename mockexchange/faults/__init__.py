"""Faults: rules that change requests, answers and frames between client and server, never the state of the exchange.

A rule matches requests, handshakes or frames, counts its matches and fires on some of them: then it has its effect. The
seed, the rule's name and the count alone determine on which, so a run can be repeated. Installing and removing a rule
is logged; its firings are journalled.
"""
