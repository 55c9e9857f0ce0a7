"""One package for each outside system, and the port suites that an adapter has to pass."""
