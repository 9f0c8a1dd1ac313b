"""Tests a client through an adapter, a program that carries out tasks with the client and reports rows."""
