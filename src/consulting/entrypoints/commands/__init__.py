"""The commands of `consulting`, a file for those that belong together."""
