from __future__ import annotations

from hypothesis import settings

# A slow machine is no failure, and a failure must be repeatable from what it printed.
settings.register_profile("consulting", deadline=None, print_blob=True)
settings.load_profile("consulting")
