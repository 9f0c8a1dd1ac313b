"""Types of scenario values: each reads located text and describes itself as JSON Schema."""
