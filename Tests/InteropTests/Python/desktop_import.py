"""What someone does who comes from Claude Desktop: import its servers, serve them to it, once over HTTP and once over stdio."""

import json
import os
import sys
import tempfile
import warnings

import checks as testing
import client as clients
import gateway as gateways
import protocol_schema

warnings.simplefilter("ignore")
USER = "ada@example.com"
os.environ["USER"] = USER


async def main(checks):
    with tempfile.TemporaryDirectory(prefix="sluice-interop-") as directory:
        desktop = os.path.join(directory, "claude_desktop_config.json")
        with open(desktop, "w") as file:
            json.dump({
                "globalShortcut": "",
                "mcpServers": {
                    "Git": {"command": gateways.beside(gateways.PYTHON, "mcp-server-git"), "args": ["--repository", gateways.ROOT]},
                    "time server": {
                        "command": gateways.beside(gateways.PYTHON, "mcp-server-time"), "args": ["--local-timezone", "UTC"], "env": {"LANG": "C.UTF-8"},
                    },
                },
            }, file)
        config = os.path.join(directory, "sluice.yaml")
        said = await gateways.output(gateways.BINARY, "init", "--config", config, "--import", desktop)
        checks.that(f"sluice serve --config {config}" in said, "init says what to do next", said)
        async with gateways.serve(config, [USER]) as gateway:
            async with clients.connect("modern", "http", gateway.endpoint, gateway.tokens[USER], directory, "http") as connected:
                await use(checks, connected.client, "over HTTP")
            protocol_schema.tell(checks, "over HTTP", connected.entries(), "server", ["2026-07-28"])
        for era, revision in (("modern", "2026-07-28"), ("legacy", "2025-11-25")):
            with checks.part(f"the configuration is served over stdio, {era}"):
                command = [gateways.BINARY, "stdio", "--config", config]
                options = {"mode": clients.MODES[era], "read_timeout_seconds": 30, "cache": None}
                async with clients.connect_stdio(command, {"USER": USER}, directory, era, [], options) as connected:
                    checks.equal(connected.client.protocol_version, revision, f"{revision} is agreed on over stdio")
                    await use(checks, connected.client, f"over stdio in {revision}")
                protocol_schema.tell(checks, f"over stdio in {revision}", connected.entries(), "server", [revision])


async def use(checks, client, how):
    expected = {"git": 12, "time_server": 2}

    async def listed():
        tools = await clients.names(client.list_tools, "tools")
        counts = {name: sum(tool.startswith(name + "__") for tool in tools) for name in expected}
        return counts == expected

    checks.that(await testing.eventually(listed), f"the servers of claude_desktop_config.json are served {how}", await clients.names(client.list_tools, "tools"))
    result = await client.call_tool("git__git_log", {"repo_path": gateways.ROOT, "max_count": 1})
    checks.that(not result.is_error and "Commit" in clients.text(result), f"git is called {how}", result)
    result = await client.call_tool("time_server__get_current_time", {"timezone": "Europe/Berlin"})
    checks.that(not result.is_error and "Europe/Berlin" in clients.text(result), f"time is called {how}", result)


if __name__ == "__main__":
    testing.run(main, 220)
