"""Types of values in a scenario: each reads parsed text and describes itself as JSON Schema."""
