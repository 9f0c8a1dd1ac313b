"""The part of the control API that shows a sandbox's traffic, acts on its streams, and signs requests for a caller."""
