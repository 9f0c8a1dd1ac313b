"""Makes forks, which are new sandboxes from a part of another sandbox's log, and plays logs back."""
