"""The way of a database from one shape to the next."""
