"""The main job, end to end, on real input: what `ledgerdb demo` runs."""
