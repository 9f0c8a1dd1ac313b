"""Defines rules about positions in derivatives that hold at any venue."""
