"""The open streams of a sandbox: connections, their queues of frames, and requests that they make."""
