"""Diagnosis of refused credentials: what the venues share."""
