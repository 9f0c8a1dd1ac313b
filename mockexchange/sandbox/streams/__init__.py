"""The open streams of a sandbox: connections, their queues of frames, and the writes that they begin."""
