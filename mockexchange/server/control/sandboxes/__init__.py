"""The control API of sandboxes: creation, forks, routes and answers."""
