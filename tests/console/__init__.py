"""Tests of the console. A package, since a fixture of package scope ends with the last test of one: the browser."""
