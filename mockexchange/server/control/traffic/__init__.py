"""The control API of a sandbox's traffic: journal, frames, streams and signed calls."""
