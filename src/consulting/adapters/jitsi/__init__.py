"""Meetings at a Jitsi Meet server."""

from __future__ import annotations

from consulting.adapters.jitsi.rooms import JitsiRooms, open_meeting_rooms

__all__ = ["JitsiRooms", "open_meeting_rooms"]
