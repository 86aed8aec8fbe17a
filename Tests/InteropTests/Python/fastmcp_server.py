"""fastmcp_server.py stdio|http: an MCP server made with the `fastmcp` package of PyPI.

http prints {"url": ...} on standard output once it listens.
"""

import asyncio
import json
import socket
import sys
from dataclasses import dataclass

import mcp_types as types
import uvicorn
from fastmcp import Context, FastMCP
from fastmcp.tools import Tool

server = FastMCP("fastmcp under test")


@dataclass
class Sum:
    sum: int
    note: str


@dataclass
class Guest:
    name: str


QUESTION = types.ElicitRequest(params=types.ElicitRequestFormParams(
    message="Who is the guest?", requested_schema={"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}))


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


@server.tool
async def welcome(ctx: Context) -> str:
    """Asks the user: while it answers in the legacy era, by the result of a first call in the modern one."""
    if ctx.request_context.protocol_version < "2026-07-28":
        answer = await ctx.elicit("Who is the guest?", Guest)
        return f"Welcome, {answer.data.name}." if answer.action == "accept" else "Nobody is welcome."
    if not ctx.input_responses:
        return types.InputRequiredResult(input_requests={"guest": QUESTION})
    answer = ctx.input_responses["guest"]
    return f"Welcome, {answer.content['name']}." if answer.action == "accept" else "Nobody is welcome."


@server.tool
async def grow(name: str, ctx: Context) -> str:
    """Adds a tool while running, and announces it. fastmcp 4.1 knows no subscriptions/listen: only legacy clients may expect to be told."""

    def grown() -> str:
        return f"{name} of fastmcp"

    server.add_tool(Tool.from_function(grown, name=name))
    await ctx.send_notification(types.ToolListChangedNotification())
    return "grown"


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
