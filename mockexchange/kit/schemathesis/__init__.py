"""Tests a server with requests that schemathesis generates from its API document.

`hints` holds what the document lacks, `hint_discovery` finds existing names by reading lists, `settings` configures
schemathesis, `transport` sends its requests to the server, `outcome` collects the results, and `verdicts` makes
verdicts of them.
"""
