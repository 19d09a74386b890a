"""Rails for the worker: the adapter's protocol, one in the process, one over HTTP, a simulator."""
