"""What every adapter of a port must do, as suites to run, and strategies for the values that they are given."""
