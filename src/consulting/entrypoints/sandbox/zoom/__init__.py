"""Zoom's protocol: server-to-server OAuth and the meetings API."""
