"""The part of the control API that creates, forks, resets and describes sandboxes."""
