"""The control API of documents: scenarios, and reports of verifications."""
