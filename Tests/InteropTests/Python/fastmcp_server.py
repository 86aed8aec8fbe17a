"""fastmcp_server.py stdio|http: an MCP server made with the `fastmcp` package of PyPI.

http prints {"url": ...} on standard output once it listens.
"""

import asyncio
import json
import socket
import sys
from dataclasses import dataclass

import uvicorn
from fastmcp import Context, FastMCP

server = FastMCP("fastmcp under test")


@dataclass
class Sum:
    sum: int
    note: str


@server.tool
def add(a: int, b: int) -> Sum:
    """Adds, and answers with a structure."""
    return Sum(sum=a + b, note="Grüße 🚀")


@server.tool
async def count(to: int, ctx: Context) -> str:
    """Reports progress at each step."""
    for step in range(1, to + 1):
        await ctx.report_progress(step, to, f"step {step}")
    return f"counted to {to}"


@server.tool
def fail(reason: str) -> str:
    """Fails as tools do."""
    raise ValueError("on purpose")


@server.resource("note://fixed")
def fixed() -> str:
    return "a note"


@server.resource("note://notes/{topic}")
def note(topic: str) -> str:
    return f"on {topic}"


@server.prompt
def greet(who: str) -> str:
    """Greets."""
    return f"Greet {who}."


async def serve_http():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"}), flush=True)
    config = uvicorn.Config(server.http_app(path="/mcp"), log_level="warning", timeout_graceful_shutdown=1)
    await uvicorn.Server(config).serve(sockets=[listener])


if sys.argv[1] == "stdio":
    server.run(transport="stdio", show_banner=False)
else:
    asyncio.run(serve_http())
