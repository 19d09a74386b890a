"""The ingress service: accepts payment instructions over HTTP and answers what became of them."""
