"""The OpenAPI document, and the page that renders it from files that we ship."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from litestar import MediaType, Response, Router, get
from litestar.static_files import create_static_files_router

from consulting.entrypoints.http.document import openapi_document

FILES: Final = Path(__file__).parent / "swagger_ui"
PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>consulting: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/schema/files/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/schema/files/swagger-ui-bundle.js"></script>
<script src="/schema/files/page.js"></script>
</body>
</html>
"""


@get("/schema", include_in_schema=False, media_type=MediaType.HTML)
async def schema_page() -> str:
    """Give the page; it fetches the document by itself."""
    return PAGE


@get("/schema/openapi.json", include_in_schema=False, sync_to_thread=True)
def schema() -> Response[bytes]:
    """Give the document."""
    return Response(openapi_document(), media_type=MediaType.JSON)


def docs_router() -> Router:
    """Serve the page, its files and the document."""
    files = create_static_files_router("/schema/files", directories=[FILES], include_in_schema=False)
    return Router("/", route_handlers=[schema_page, schema, files])
