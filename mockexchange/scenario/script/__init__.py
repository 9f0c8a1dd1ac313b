"""The format of scripts: steps, their triggers and actions, and checks of the names in them."""
