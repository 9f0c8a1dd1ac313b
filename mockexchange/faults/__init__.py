"""Faults: rules that change requests, answers and frames between client and server, never the state of the exchange.

A rule matches requests, handshakes or frames, counts its matches and fires on some of them. The selection depends only
on the seed, the rule's name and the count, so a run can be repeated. Installing and removing a rule is logged; its
firings are journalled.
"""
