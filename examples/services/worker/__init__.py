"""The worker service: sends what the ingress accepted to a rail, and records what became of it."""
