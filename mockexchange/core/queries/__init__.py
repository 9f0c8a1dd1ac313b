"""Reads of the state: pages of positions, orders, fills and settlements, and levels of order books."""
