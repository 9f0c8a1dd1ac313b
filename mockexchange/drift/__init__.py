"""Finds drift: how a recording of a real venue differs from the API that the mock emulates at an API date."""
