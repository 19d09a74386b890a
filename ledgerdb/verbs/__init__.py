"""The verbs of the ledger, once blocking and once async; the facades add the connection."""
