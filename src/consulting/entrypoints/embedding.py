"""What a program that has ours inside it may use: the API as an application, or the use cases themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, cast

from consulting.entrypoints.container import Container, build_container
from consulting.entrypoints.http.app import create_app as create_app_of
from consulting.entrypoints.settings import Settings


class Application(Protocol):
    """An ASGI application. Which framework it is made with is nobody's business outside."""

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request."""

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Begin, and end in good order."""


def create_app(made_of: Settings | Container) -> Application:
    """Build the API as an ASGI application, from settings or from a container that was built with them.

    It can be mounted under any path, which CONSULTING_PUBLIC_URL has to end with. Its lifespan has to be run (`async
    with app.lifespan()`), since frameworks run their own alone and not that of what is mounted. Nobody is called before
    the first request. Raises CannotStart where a plugin can't be opened.
    """
    if isinstance(made_of, Container):
        return cast("Application", create_app_of(made_of))
    container = build_container(made_of)
    app = create_app_of(container)
    app.on_shutdown.append(container.engine().dispose)
    return cast("Application", app)
