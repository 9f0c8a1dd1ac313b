"""The contract kit: checks servers and clients against the venues' API documents.

It needs the libraries of `mockexchange[kit]`.
"""
