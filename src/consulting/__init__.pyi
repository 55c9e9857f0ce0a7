from consulting import domain as domain
from consulting import ports as ports
from consulting.application.callers import Caller as Caller
from consulting.entrypoints.cannot_start import CannotStart as CannotStart
from consulting.entrypoints.container import build_container as build_container
from consulting.entrypoints.embedding import create_app as create_app
from consulting.entrypoints.settings import Mode as Mode
from consulting.entrypoints.settings import Settings as Settings
from consulting.entrypoints.settings import load_settings as load_settings
from consulting.entrypoints.worker import run_worker as run_worker

__all__ = [
    "Caller",
    "CannotStart",
    "Mode",
    "Settings",
    "build_container",
    "create_app",
    "domain",
    "load_settings",
    "ports",
    "run_worker",
]
