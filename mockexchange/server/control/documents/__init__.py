"""The part of the control API that checks and shows scenarios, and keeps reports of verifications."""
