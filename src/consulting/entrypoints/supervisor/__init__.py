"""`consulting run`: one process that starts, watches and stops all others, an embedded PostgreSQL among them."""
