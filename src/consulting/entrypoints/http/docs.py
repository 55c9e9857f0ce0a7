"""The OpenAPI document, and the page that renders it from files that we ship."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Final

import msgspec
from litestar import MediaType, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.static_files import create_static_files_router

from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.document import openapi_document

FILES: Final = Path(__file__).parent / "swagger_ui"
PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>consulting: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{base}/schema/files/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="{base}/schema/files/swagger-ui-bundle.js"></script>
<script src="{base}/schema/files/page.js"></script>
</body>
</html>
"""


def docs_router(base: str) -> Router:
    """Serve the page, its files and the document; `base` is the path that all is mounted under, if any."""
    files = create_static_files_router("/schema/files", directories=[FILES], include_in_schema=False)
    return Router("/", route_handlers=[_page(PAGE.replace("{base}", escape(base))), _schema(base), files])


@lru_cache(maxsize=1)
def document_at(base: str) -> bytes:
    """Give the document, whose addresses are below this path."""
    if not base:
        return openapi_document()
    return msgspec.json.encode({**msgspec.json.decode(openapi_document()), "servers": [{"url": base}]})


def _page(text: str) -> HTTPRouteHandler:
    @get("/schema", include_in_schema=False, media_type=MediaType.HTML)
    async def schema_page() -> str:
        """Give the page; it fetches the document by itself."""
        return text

    return schema_page


def _schema(base: str) -> HTTPRouteHandler:
    @get("/schema/openapi.json", include_in_schema=False, sync_to_thread=True)
    def schema() -> Response[bytes]:
        """Give the document."""
        return Answer(document_at(base), media_type=MediaType.JSON)

    return schema
