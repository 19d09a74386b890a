"""Reference services on ledgerdb: an ingress over HTTP, a worker with pluggable rails, a rail."""
