"""Meetings at Zoom."""

from __future__ import annotations

from consulting.adapters.zoom.rooms import ZoomRooms, open_meeting_rooms

__all__ = ["ZoomRooms", "open_meeting_rooms"]
