"""The official MCP client, connected to Sluice over a recorded wire."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager

import httpx2
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

import gateway as processes
import recording
from recording_transport import RecordingTransport

# "auto" asks by server/discover and falls back to initialize, which is how a modern client starts.
MODES = {"modern": "auto", "legacy": "legacy"}


class Connected:
    """A client, what it was told of itself, and what its wire saw."""

    def __init__(self, client, entries, notifications, exchanges):
        self.client = client
        self.entries = entries
        self.notifications = notifications
        self.exchanges = exchanges

    def notified(self, kind):
        return [note for note in self.notifications if isinstance(note, kind)]


@asynccontextmanager
async def connect(era, wire, endpoint, token, directory, name, timeout=30.0, **options):
    """wire: "http", or "stdio" for a `sluice stdio --url` as Claude Desktop would start it."""
    notifications = []

    async def heard(message):
        notifications.append(message)

    options = {"mode": MODES[era], "message_handler": heard, "read_timeout_seconds": timeout, "cache": None, **options}
    if wire == "http":
        heard_on_wire = recording.Recording()
        transport = RecordingTransport(heard_on_wire)
        async with httpx2.AsyncClient(transport=transport, headers={"Authorization": f"Bearer {token}"}, timeout=timeout) as http:
            async with Client(streamable_http_client(endpoint, http_client=http), **options) as client:
                yield Connected(client, lambda: heard_on_wire.entries, notifications, transport.exchanges)
    else:
        command = [processes.BINARY, "stdio", "--url", endpoint]
        async with connect_stdio(command, {"SLUICE_TOKEN": token}, directory, name, notifications, options) as connected:
            yield connected


@asynccontextmanager
async def connect_stdio(command, env, directory, name, notifications, options):
    record = os.path.join(directory, f"{name}.jsonl")
    program, *arguments = processes.tee(record, *command)
    parameters = StdioServerParameters(command=program, args=arguments, env=env)
    with open(os.path.join(directory, f"{name}.log"), "w") as errors:
        async with Client(stdio_client(parameters, errlog=errors), **options) as client:
            yield Connected(client, lambda: recording.read(record), notifications, [])


async def names(list_page, member):
    """All names of a list, page by page."""
    found, cursor = [], None
    for _ in range(100):
        page = await list_page(cursor=cursor)
        found += [entry.name for entry in getattr(page, member)]
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def text(result):
    return "".join(block.text for block in result.content if isinstance(block, types.TextContent))
