"""Tests a server with requests that schemathesis generates from its API document.

`hints` holds what the document lacks, `settings` configures schemathesis, `relay` sends its requests to the server,
`checks` says to which answers its checks apply, and `outcome` collects the results and makes verdicts of them.
"""
