"""A Stripe-shaped and a Zoom-shaped server and an SMTP inbox on 127.0.0.1, for laptops and tests.

The sandbox is a program beside the product. It speaks the providers' own protocols, so that the real adapters
run against it with other addresses and keys, and it can be told to misbehave. Nothing in the product knows it.
"""

from __future__ import annotations

from consulting.entrypoints.sandbox.options import Ports, SandboxOptions
from consulting.entrypoints.sandbox.serving import RunningSandbox, run, running_sandbox

__all__ = ["Ports", "RunningSandbox", "SandboxOptions", "run", "running_sandbox"]
