"""The search for the reason of refused credentials, shared by all venues."""
