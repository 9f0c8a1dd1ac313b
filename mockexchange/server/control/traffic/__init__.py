"""The control API of a sandbox's traffic: its journal, frames and streams, and requests that the server signs."""
