"""The control API of sandboxes: requests that create, fork, reset and describe them."""
