"""The diagnosis of refused credentials, shared by the venues."""
