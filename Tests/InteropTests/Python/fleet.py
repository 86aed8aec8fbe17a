"""The upstreams of the tests: real servers of every kind and era behind one gateway."""

import asyncio
import json
import os
import socket
from contextlib import AsyncExitStack, asynccontextmanager

import gateway as gateways

# Name to revision: what each upstream is expected to be spoken to in.
STDIO = {"git": "2026-07-28", "time": "2026-07-28", "local": "2026-07-28", "old": "2025-11-25", "notes": "2025-11-25"}
HTTP = {"web": "2026-07-28", "oldweb": "2025-11-25", "plain": "2025-11-25"}
# Made with upstream_server.py.
OURS = ["local", "old", "web", "oldweb", "plain"]
ADMIN = "admin@example.com"


class Fleet:
    def __init__(self, directory):
        self.directory = directory
        self.servers = {}
        self.ports = {}
        self.stack = None

    def record(self, name):
        return os.path.join(self.directory, f"{name}.upstream.jsonl")

    def has_mark(self, mark):
        return os.path.exists(os.path.join(self.directory, mark))

    def _server(self, name, wire):
        is_legacy = (STDIO | HTTP)[name] != "2026-07-28"
        python = gateways.LEGACY_PYTHON if is_legacy else gateways.PYTHON
        return [python, os.path.join(gateways.HERE, "upstream_server.py"), wire, name, "--marks", self.directory]

    async def start(self, name):
        """Starts an HTTP server; at the port that it had before, if it had one."""
        command = [*self._server(name, "http"), "--record", self.record(name), "--port", str(self.ports.get(name, 0))]
        if name == "plain":
            command.append("--stateless")
        log = os.path.join(self.directory, f"{name}.log")
        child = await self.stack.enter_async_context(gateways.process(*command, log=log))
        line = await asyncio.wait_for(child.stdout.readline(), 60)
        if not line:
            raise RuntimeError(f"{name} ended: {open(log).read()[-2000:]}")
        url = json.loads(line)["url"]
        self.ports[name] = int(url.rsplit(":", 1)[1].split("/")[0])
        self.servers[name] = child
        return url

    async def kill(self, name):
        self.servers[name].kill()
        await self.servers[name].wait()

    async def configuration(self, **others):
        """A sluice.yaml with all upstreams; JSON is YAML."""

        def child(name, *command, **options):
            program, *arguments = gateways.tee(self.record(name), *command)
            return {"command": program, "args": arguments, **options}

        urls = dict(zip(HTTP, await asyncio.gather(*(self.start(name) for name in HTTP))))
        config = {
            "name": "Fleet",
            "listen": "127.0.0.1:0",
            "state": "state",
            "identity": {"users": {ADMIN: {"roles": ["admin"]}}},
            "policy": {"cedar": 'permit (principal in Role::"admin", action, resource);'},
            "upstreams": {
                "hanging": {"command": "sleep", "args": ["600"]},
                "broken": {"command": "false"},
                "missing": {"command": "no-such-program-anywhere"},
                "nobody": {"url": f"http://127.0.0.1:{free_port()}/mcp"},
                "crm": {"sqlite": "crm.sqlite", "sample": "northwind"},
                "git": child("git", gateways.beside(gateways.PYTHON, "mcp-server-git"), "--repository", gateways.ROOT),
                "time": child("time", gateways.beside(gateways.PYTHON, "mcp-server-time"), "--local-timezone", "Europe/Berlin"),
                "local": child("local", *self._server("local", "stdio"), trusted=True),
                "old": child("old", *self._server("old", "stdio"), trusted=True),
                "notes": child("notes", gateways.beside(gateways.LEGACY_PYTHON, "mcp-server-sqlite"), "--db-path", os.path.join(self.directory, "notes.sqlite")),
                **{name: {"url": url, "trusted": True} for name, url in urls.items()},
            },
            "stdio": {"user": ADMIN},
            **others,
        }
        file = os.path.join(self.directory, "sluice.yaml")
        with open(file, "w") as output:
            json.dump(config, output, indent=2)
        return file


def free_port():
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def fleet(directory):
    async with AsyncExitStack() as stack:
        ships = Fleet(directory)
        ships.stack = stack
        yield ships
