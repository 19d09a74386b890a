"""A ledger with a million instructions, and how long its verification takes."""
