"""The parameters of operations as dated tables."""
