from __future__ import annotations

import gc

from hypothesis import settings

gc.set_threshold(50_000)  # what is loaded is no garbage, and looking for some among it was a seventh of a run

# A slow machine is no failure, and a failure must be repeatable from what it printed.
settings.register_profile("consulting", deadline=None, print_blob=True)
settings.load_profile("consulting")
