"""fastmcp_upstreams.py: `sluice serve` over servers made with `fastmcp`, one on its standard streams and one over HTTP, for a client of either era."""

import asyncio
import json
import os
import tempfile

import checks as testing
import client as clients
import gateway as gateways
import protocol_schema
import recording
from package_client import Official, text
from recording_transport import RecordingTransport

PROGRAM = os.path.join(gateways.HERE, "fastmcp_server.py")
POLICY = 'permit (principal in Role::"admin", action, resource);'


async def main(checks):
    with tempfile.TemporaryDirectory(prefix="sluice-interop-") as directory:
        record = os.path.join(directory, "upstream.jsonl")
        async with gateways.process(gateways.FASTMCP_PYTHON, PROGRAM, "http", log=os.path.join(directory, "fastmcp.log")) as child:
            url = json.loads(await asyncio.wait_for(child.stdout.readline(), 30))["url"]
            program, *arguments = gateways.tee(record, gateways.FASTMCP_PYTHON, PROGRAM, "stdio")
            config = os.path.join(directory, "sluice.yaml")
            with open(config, "w") as file:
                json.dump({
                    "name": "interop", "audit": {"origin": "example.com/interop"}, "identity": {"users": {"ada": {"roles": ["admin"]}}},
                    "policy": {"cedar": POLICY},
                    "upstreams": {"fast": {"command": program, "args": arguments, "trusted": True}, "fastweb": {"url": url, "trusted": True}}}, file)
            async with gateways.serve(config, ["ada"]) as gateway:
                for era in clients.MODES:
                    with checks.part(f"a client of the {era} era uses both"):
                        heard = recording.Recording()
                        headers = {"Authorization": f"Bearer {gateway.tokens['ada']}"}
                        async with Official.connect(era, http=(gateway.endpoint, RecordingTransport(heard), headers)) as peer:
                            await use(checks, peer, era)
                        protocol_schema.tell(checks, f"with a client of the {era} era", heard.entries, "server")
        protocol_schema.tell(checks, "with the upstream", recording.read(record), "client", ["2026-07-28"])


async def use(checks, peer, era):
    async def listed():
        names = {tool.name for tool in await peer.tools()}
        return names if {"fast__add", "fastweb__add"} <= names else None

    checks.that(await testing.eventually(listed), f"{era}: the tools of both are listed")
    for name in ("fast", "fastweb"):
        what = f"{era}, {name}: "
        checks.equal((await peer.call(f"{name}__add", {"a": 2, "b": 3})).structured_content, {"sum": 5, "note": "Grüße 🚀"}, what + "a structure comes back")
        steps = []

        async def progress(done, total, message):
            steps.append(done)

        async def all_steps():
            return len(steps) >= 3

        checks.equal(text(await peer.call(f"{name}__count", {"to": 3}, progress)), "counted to 3", what + "a tool works step by step")
        # The client hands each report to a task of its own: they are there, but need not be in order.
        await testing.eventually(all_steps)
        checks.equal(sorted(steps), [1, 2, 3], what + "and its progress is heard")
        checks.that((await peer.call(f"{name}__fail", {"reason": "x"})).is_error, what + "a tool's error is one")
        prompts = {prompt.name for prompt in await peer.prompts()}
        checks.that(f"{name}__greet" in prompts, what + "its prompt is listed", prompts)
        prompt = await peer.prompt(f"{name}__greet", {"who": "Ada"})
        checks.that("Greet Ada." in prompt.messages[0].content.text, what + "its prompt is filled in")
    resources = await peer.resources()
    checks.that(resources and (await peer.read(str(resources[0].uri)))[0].text == "a note", f"{era}: a resource is read", resources)


if __name__ == "__main__":
    testing.run(main, 200)
