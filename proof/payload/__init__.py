"""A payload is one buffer on its way: what it costs, and that its bytes stay what they are."""
