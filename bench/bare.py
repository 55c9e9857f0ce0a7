"""A second limit: the framework alone, answering with a body of equal size. Run as `python -m bench.bare PORT`."""

from __future__ import annotations

import sys

import uvicorn
from litestar import Litestar, MediaType, Response, get
from litestar.params import FromPath


@get("/{size:int}")
async def body_of(size: FromPath[int]) -> Response[bytes]:
    """Answer with that many bytes."""
    return Response(b"x" * size, media_type=MediaType.JSON)


if __name__ == "__main__":
    uvicorn.run(
        Litestar([body_of], openapi_config=None),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
    )
