"""The control API under /_mock, with which tests create, change and observe sandboxes."""
