"""Talks to a program of line_protocol.py."""

import asyncio
import json
from contextlib import asynccontextmanager

import gateway as processes


class Peer:
    def __init__(self, child, about):
        self._child = child
        self.about = about

    async def ask(self, action, **arguments):
        self._child.stdin.write(json.dumps({"do": action, **arguments}).encode() + b"\n")
        answer = json.loads(await asyncio.wait_for(self._child.stdout.readline(), 60))
        if "error" in answer:
            raise RuntimeError(f"{action}: {answer['error']}")
        return answer["result"]


@asynccontextmanager
async def issuer(kind, resource, log, **options):
    """An authorization server for an MCP server at `resource`."""
    command = [processes.OAUTH_PYTHON, f"{processes.HERE}/oauth_issuer.py", kind, resource, json.dumps(options)]
    async with processes.process(*command, log=log, stdin=asyncio.subprocess.PIPE) as child:
        line = await asyncio.wait_for(child.stdout.readline(), 60)
        if not line:
            with open(log) as file:
                raise RuntimeError(f"{kind} ended: {file.read()[-3000:]}")
        yield Peer(child, json.loads(line))
