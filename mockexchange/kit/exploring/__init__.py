"""Runs schemathesis over a contract document and says what that proved."""
