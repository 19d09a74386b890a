"""What a migration will do to a database, measured on a shadow before anyone waits for it."""
