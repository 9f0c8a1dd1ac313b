"""Explores a server with generated requests: everything that schemathesis can find out from a document.

`told` is what a generator has to be told, `discovery` finds the names that exist by reading lists, `settings` says how
schemathesis runs, `relay` carries its requests to the target, `outcome` takes in what happened, `verdicts` says what
that proves.
"""
