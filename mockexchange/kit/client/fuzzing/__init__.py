"""Tests a client with generated response bodies, and writes those at which it fails to files."""
