"""Everything that is kept, in PostgreSQL. Whoever needs one part imports its module, and loads no other statements."""
