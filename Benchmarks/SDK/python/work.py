"""What the Python SDK is measured with: the same tools and the same work as Benchmarks/SDK/Bench/Work.swift."""
import json
import logging
from typing import Annotated, Literal

from mcp import Client
from mcp.server.mcpserver import MCPServer
from pydantic import Field

RESULT_BYTES = 1 << 20
ARGUMENTS = {"text": "a line of text, as tools get it", "count": 3, "tags": ["one", "two"]}


def make_server():
    logging.disable(logging.CRITICAL)  # nothing is logged on our side either
    server = MCPServer("bench")

    @server.tool(structured_output=False)
    def echo(
        text: Annotated[str, Field(max_length=1000)], count: Annotated[int, Field(ge=1, le=10)] = 1, tags: list[str] | None = None
    ) -> str:
        """Says what it is told."""
        return text

    @server.tool(structured_output=False)
    def blob(size: Annotated[int, Field(ge=0)]) -> str:
        """Answers with so many bytes."""
        return "x" * size

    def listed(
        query: Annotated[str, Field(description="What to look for, in words.")],
        limit: Annotated[int, Field(ge=1, le=100, description="How many at most.")] = 10,
        order: Literal["newest", "oldest", "relevance"] = "relevance",
    ) -> str:
        return ""

    for number in range(2, 100):
        server.add_tool(
            listed, name=f"tool_{number}", description="A tool that is only listed. " + "It has a description. " * 6, structured_output=False)
    return server


async def ask(work, client):
    """Does it once; raises where the answer is not the right one."""
    if work == "echo":
        result = await client.call_tool("echo", ARGUMENTS)
        assert result.content[0].text.startswith("a line") and not result.is_error
    elif work == "result":
        result = await client.call_tool("blob", {"size": RESULT_BYTES})
        assert len(result.content[0].text) == RESULT_BYTES
    else:
        tools = (await client.list_tools()).tools
        assert len(tools) == 100 and tools[99].description is not None


async def make_parse():
    """A function that reads a recorded list of 64 KB as the client does: the message, then its result."""
    import mcp_types as types

    async with Client(make_server(), cache=None) as client:
        result = (await client.list_tools()).model_dump(mode="json", by_alias=True, exclude_none=True)
    text = json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}, separators=(",", ":"))

    def parse():
        message = types.jsonrpc_message_adapter.validate_json(text)
        tools = types.ListToolsResult.model_validate(message.result).tools
        assert len(tools) == 100

    return parse
