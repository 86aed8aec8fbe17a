"""upstream_server.py stdio|http NAME [options]: an MCP server made with the `mcp` package of PyPI, either generation of it.

http prints {"url": ...} on standard output once it listens.
"""

import argparse
import asyncio
import json
import os
import socket
from typing import Annotated

import anyio
import uvicorn
from pydantic import BaseModel

from recording import Recording, RecordingApplication

try:
    from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.shared.exceptions import MCPError
    from mcp.types import Completion, ToolAnnotations

    IS_MODERN = True
except ImportError:
    from mcp.server.fastmcp import Context, FastMCP as MCPServer
    from mcp.server.fastmcp.exceptions import ToolError
    from mcp.types import Completion, SamplingMessage, TextContent, ToolAnnotations

    IS_MODERN = False

READ = ToolAnnotations(readOnlyHint=True) if not IS_MODERN else ToolAnnotations(read_only_hint=True)


class Sum(BaseModel):
    sum: int
    note: str


class Guest(BaseModel):
    name: str


def make(options):
    http = {} if IS_MODERN else {"stateless_http": options.stateless, "json_response": options.stateless}
    server = MCPServer(options.name, **http)

    @server.tool(annotations=READ)
    def add(a: int, b: int) -> Sum:
        """Adds, and answers with a structure."""
        return Sum(sum=a + b, note=f"from {options.name}: Grüße 🚀")

    @server.tool(annotations=READ)
    def pid() -> int:
        """This process."""
        return os.getpid()

    @server.tool()
    def fail(reason: str) -> str:
        """Fails as tools do."""
        raise ToolError(f"failed on purpose: {reason}")

    @server.tool(annotations=READ)
    async def count(to: int, ctx: Context) -> str:
        """Reports progress at each step."""
        for step in range(1, to + 1):
            await ctx.report_progress(step, to, f"step {step}")
        return f"counted to {to}"

    @server.tool(annotations=READ)
    async def wait(seconds: float, mark: str) -> str:
        """Waits, and leaves a mark at its start and where it is cancelled."""
        leave(options.marks, f"{mark}.started")
        try:
            await anyio.sleep(seconds)
        except anyio.get_cancelled_exc_class():
            leave(options.marks, f"{mark}.cancelled")
            raise
        return "waited"

    @server.tool()
    async def grow(name: str, ctx: Context) -> str:
        """Adds a tool while running, and announces it."""

        def grown() -> str:
            return f"{name} of {options.name}"

        server.add_tool(grown, name=name, description="Grown while running.", annotations=READ)
        if IS_MODERN:
            await ctx.notify_tools_changed()
        else:
            await ctx.session.send_tool_list_changed()
        return "grown"

    @server.resource(f"note://{options.name}/fixed")
    def fixed() -> str:
        return f"a note of {options.name}"

    @server.resource(f"note://{options.name}/notes/{{topic}}")
    def note(topic: str) -> str:
        return f"{options.name} on {topic}"

    @server.prompt()
    def greet(who: str) -> str:
        """Greets."""
        return f"Greet {who} from {options.name}."

    @server.completion()
    async def complete(ref, argument, context):
        return Completion(values=[value for value in ("ada", "alan", "grace") if value.startswith(argument.value)])

    if IS_MODERN:

        @server.tool()
        def refuse() -> str:
            """Fails as protocols do."""
            raise MCPError(code=-32050, message="refused on purpose", data={"why": "test"})

        def guest() -> Elicit[Guest]:
            return Elicit("Who is the guest?", Guest)

        @server.tool(annotations=READ)
        def welcome(guest: Annotated[Guest, Resolve(guest)]) -> str:
            """Asks the user before it answers."""
            return f"Welcome, {guest.name}, to {options.name}."
    else:

        @server.tool(annotations=READ)
        async def welcome(ctx: Context) -> str:
            """Asks the user while it answers."""
            answer = await ctx.elicit("Who is the guest?", Guest)
            return f"Welcome, {answer.data.name}, to {options.name}." if answer.action == "accept" else "Nobody is welcome."

        @server.tool(annotations=READ)
        async def ponder(ctx: Context) -> str:
            """Asks the client's model."""
            message = SamplingMessage(role="user", content=TextContent(type="text", text="Think."))
            answer = await ctx.session.create_message([message], max_tokens=20, related_request_id=ctx.request_id)
            return f"{answer.model} says: {answer.content.text}"

        @server.tool(annotations=READ)
        async def where(ctx: Context) -> str:
            """Asks for roots, by a message that belongs to no request."""
            return " ".join(str(root.uri) for root in (await ctx.session.list_roots()).roots)

    return server


def leave(directory, name):
    with open(os.path.join(directory, name), "w"):
        pass


async def serve_http(server, options):
    application = server.streamable_http_app(**({"stateless_http": options.stateless} if IS_MODERN else {}))
    application = RecordingApplication(application, Recording(options.record))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.port))
    listener.listen()
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"}), flush=True)
    config = uvicorn.Config(application, log_level="warning", timeout_graceful_shutdown=1)
    await uvicorn.Server(config).serve(sockets=[listener])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("wire", choices=["stdio", "http"])
    arguments.add_argument("name")
    arguments.add_argument("--marks", required=True)
    arguments.add_argument("--record")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--stateless", action="store_true")
    options = arguments.parse_args()
    server = make(options)
    asyncio.run(server.run_stdio_async() if options.wire == "stdio" else serve_http(server, options))


main()
