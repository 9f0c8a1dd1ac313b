"""The format of scripts: steps with their triggers and actions, and the checks of names in them."""
