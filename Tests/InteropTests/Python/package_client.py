"""package_client.py mcp|fastmcp everything|sluice: a client of PyPI before a server of ours, in both eras and over both wires.

Runs under the Python environment that has the package.
"""

import asyncio
import os
import re
import sys
import tempfile
import warnings
from contextlib import asynccontextmanager

import httpx2
import mcp_types as types
from mcp.client.subscriptions import ResourceUpdated, ToolsListChanged, listen

import checks as testing
import gateway as gateways
import protocol_schema
import recording
from recording_transport import RecordingTransport

# Legacy requests are deprecated in the clients: that is why they are tested.
warnings.simplefilter("ignore")

VERSIONS = {"modern": "2026-07-28", "legacy": "2025-11-25"}
MODES = {"modern": "auto", "legacy": "legacy"}
PIXEL = "iVBORw0KGgo"
WATCHED = "test://watched-resource"


def form(schema):
    """An answer for each property of a form."""
    samples = {"string": "Ada", "boolean": True, "integer": 7, "number": 7}
    formats = {"email": "ada@example.com", "uri": "https://example.com", "date": "2026-11-30", "date-time": "2026-11-30T12:00:00Z"}

    def answer(one):
        sample = formats.get(one.get("format")) or samples.get(one.get("type"), "Ada")
        value = one.get("default", (one.get("enum") or [sample])[0])
        # The published schema of answers has integers alone, where forms may ask for any number.
        return int(value) if isinstance(value, float) else value

    return {name: answer(one) for name, one in schema.get("properties", {}).items()}


def sampled():
    return types.CreateMessageResult(role="assistant", content=types.TextContent(type="text", text="Paris"), model="none")


def listeners():
    """What a server sent of itself, the data of its log messages, and the functions that take both."""
    notes, logs = [], []

    async def noted(message):
        notes.append(message)

    async def logged(message):
        logs.append(message.data)

    return notes, logs, noted, logged


ROOT = types.Root(uri="file:///tmp/interop", name="interop")


class Official:
    """The client of the `mcp` package."""

    def __init__(self, client, notes, logs):
        self.client = client
        # What the server sent of itself, and of that the data of its log messages.
        self.notes = notes
        self.logs = logs
        # What its wire has seen so far.
        self.entries = lambda: []

    @classmethod
    @asynccontextmanager
    async def connect(cls, era, http=None, command=None, env=None):
        from mcp import Client, StdioServerParameters
        from mcp.client.stdio import stdio_client
        from mcp.client.streamable_http import streamable_http_client

        async def elicited(context, params):
            return types.ElicitResult(action="accept", content=form(params.requested_schema))

        async def asked(context, params):
            return sampled()

        async def roots(context):
            return types.ListRootsResult(roots=[ROOT])

        notes, logs, noted, logged = listeners()
        options = {
            "mode": MODES[era], "cache": None, "read_timeout_seconds": 30, "elicitation_callback": elicited, "sampling_callback": asked,
            "list_roots_callback": roots, "message_handler": noted, "logging_callback": logged, "log_level": "info"}
        if http:
            url, transport, headers = http
            async with httpx2.AsyncClient(transport=transport, headers=headers, timeout=30) as web:
                async with Client(streamable_http_client(url, http_client=web), **options) as client:
                    yield cls(client, notes, logs)
        else:
            async with Client(stdio_client(StdioServerParameters(command=command[0], args=command[1:], env=env)), **options) as client:
                yield cls(client, notes, logs)

    async def tools(self):
        return (await self.client.list_tools()).tools

    async def call(self, name, arguments=None, progress=None):
        return await self.client.call_tool(name, arguments, progress_callback=progress)

    async def resources(self):
        return (await self.client.list_resources()).resources

    async def read(self, uri):
        return (await self.client.read_resource(uri)).contents

    async def prompts(self):
        return (await self.client.list_prompts()).prompts

    async def prompt(self, name, arguments):
        return await self.client.get_prompt(name, arguments)

    async def complete(self, prompt, name, value):
        return (await self.client.complete(types.PromptReference(type="ref/prompt", name=prompt), {"name": name, "value": value})).completion.values


class Fast(Official):
    """The client of the `fastmcp` package."""

    @classmethod
    @asynccontextmanager
    async def connect(cls, era, http=None, command=None, env=None):
        from fastmcp import Client
        from fastmcp.client.transports import StdioTransport, StreamableHttpTransport

        async def elicited(message, response_type, params, context):
            return form(params.requested_schema)

        async def asked(messages, params, context):
            return sampled()

        if http:
            url, wire, headers = http

            def web(**options):
                options.pop("transport", None)
                return httpx2.AsyncClient(transport=wire, **options)

            transport = StreamableHttpTransport(url, headers=headers, httpx_client_factory=web)
        else:
            transport = StdioTransport(command[0], command[1:], env=env, keep_alive=False)
        notes, logs, noted, logged = listeners()
        client = Client(
            transport, mode=MODES[era], cache=False, timeout=30, elicitation_handler=elicited, sampling_handler=asked, roots=[ROOT],
            message_handler=noted, log_handler=logged)
        async with client:
            yield cls(client, notes, logs)

    async def tools(self):
        return await self.client.list_tools()

    async def call(self, name, arguments=None, progress=None):
        return await self.client.call_tool_mcp(name, arguments or {}, progress_handler=progress)

    async def resources(self):
        return await self.client.list_resources()

    async def read(self, uri):
        return await self.client.read_resource(uri)

    async def prompts(self):
        return await self.client.list_prompts()

    async def complete(self, prompt, name, value):
        return (await self.client.complete_mcp(types.PromptReference(type="ref/prompt", name=prompt), {"name": name, "value": value})).completion.values


PACKAGES = {"mcp": Official, "fastmcp": Fast}


def text(result):
    return "".join(block.text for block in result.content if isinstance(block, types.TextContent))


@asynccontextmanager
async def everything(directory):
    """What to connect to: the URL and headers for HTTP, the command and environment for stdio."""
    binary = os.path.join(os.path.dirname(gateways.BINARY), "everything-server")
    async with gateways.process(binary, "--port", "0", log=os.path.join(directory, "everything.log")) as child:
        line = (await asyncio.wait_for(child.stdout.readline(), 60)).decode()
        yield {"http": (re.search(r"http://\S+", line)[0].rstrip("."), {}), "stdio": ([binary, "--stdio"], {})}


@asynccontextmanager
async def sluice(directory):
    async with gateways.demo(directory) as demo:
        token = demo.tokens["rep"]
        yield {
            "http": (demo.endpoint, {"Authorization": f"Bearer {token}"}),
            "stdio": ([gateways.BINARY, "stdio", "--url", demo.endpoint], {"SLUICE_TOKEN": token})}


async def use_everything(checks, peer, era):
    names = [tool.name for tool in await peer.tools()]
    checks.that({"test_simple_text", "json_schema_2020_12_tool", "test_tool_with_progress"} <= set(names), "the tools are listed", names)
    checks.equal(text(await peer.call("test_simple_text")), "This is a simple text response for testing.", "a text comes back")
    checks.that((await peer.call("test_image_content")).content[0].data.startswith(PIXEL), "an image comes back")
    checks.equal((await peer.call("test_audio_content")).content[0].mime_type, "audio/wav", "a sound comes back")
    mixture = [block.type for block in (await peer.call("test_multiple_content_types")).content]
    checks.equal(mixture, ["text", "image", "resource"], "a mixture comes back in order")
    checks.that((await peer.call("test_error_handling")).is_error, "a tool's error is one")
    steps = []

    async def progress(done, total, message):
        steps.append((done, total))

    async def all_steps():
        return len(steps) >= 3

    await peer.call("test_tool_with_progress", {}, progress)
    await testing.eventually(all_steps)
    checks.equal(steps, [(0, 100), (50, 100), (100, 100)], "progress is heard in order")
    if era == "legacy":
        checks.that("Paris" in text(await peer.call("test_sampling", {"prompt": "What is the capital of France?"})), "a request for sampling is answered")
        checks.that("accept" in text(await peer.call("test_elicitation", {"message": "Who are you?"})).lower(), "a question is answered")
        checks.that("John Doe" in text(await peer.call("test_elicitation_sep1034_defaults")), "defaults of a form come back")
    else:
        for suffix in ("elicitation", "sampling", "list_roots", "request_state", "multiple_inputs", "multi_round"):
            result = await peer.call("test_input_required_result_" + suffix)
            checks.that(not result.is_error and text(result), f"a call that needs input goes on with it: {suffix}", result)
    resources = {str(resource.uri) for resource in await peer.resources()}
    checks.that({"test://static-text", "test://static-binary"} <= resources, "the resources are listed", resources)
    checks.that((await peer.read("test://static-text"))[0].text, "a text is read")
    checks.that((await peer.read("test://static-binary"))[0].blob.startswith(PIXEL), "bytes are read")
    checks.that("42" in (await peer.read("test://template/42/data"))[0].text, "a template is read")
    prompts = {prompt.name for prompt in await peer.prompts()}
    checks.that({"test_simple_prompt", "test_prompt_with_arguments"} <= prompts, "the prompts are listed", prompts)
    prompt = await peer.client.get_prompt("test_prompt_with_arguments", {"arg1": "one", "arg2": "two"})
    checks.that("one" in prompt.messages[0].content.text, "a prompt is filled in")
    checks.that(await peer.complete("test_prompt_with_arguments", "arg1", "p") is not None, "an argument is completed")
    await hear_logs(checks, peer, era)
    await hear_changes(checks, peer, era)
    await cancel(checks, peer)


async def hear_logs(checks, peer, era):
    if era == "legacy":  # the modern era asks with each request
        await peer.client.session.set_logging_level("info")
    await peer.call("test_tool_with_logging")
    expected = {"Tool execution started", "Tool processing data", "Tool execution completed"}

    async def all_heard():
        return expected <= set(peer.logs)

    checks.that(await testing.eventually(all_heard), "log messages of a tool are heard", peer.logs)


async def hear_changes(checks, peer, era):
    session = peer.client.session
    if era == "modern":
        async with listen(session, tools_list_changed=True, resource_subscriptions=[WATCHED]) as subscription:
            honored = (subscription.honored.tools_list_changed, subscription.honored.resource_subscriptions)
            checks.equal(honored, (True, [WATCHED]), "a subscription is acknowledged")
            for trigger, change in (("test_trigger_resource_update", ResourceUpdated(uri=WATCHED)), ("test_trigger_tool_change", ToolsListChanged())):
                await peer.call(trigger)
                async with asyncio.timeout(60):
                    checks.equal(await anext(subscription), change, f"a subscriber is told of a change: {trigger}")
        return
    await session.subscribe_resource(WATCHED)
    for trigger, kind in (
        ("test_trigger_resource_update", types.ResourceUpdatedNotification), ("test_trigger_tool_change", types.ToolListChangedNotification)
    ):

        async def told():
            # Again each time: over HTTP the client opens its stream when it likes.
            await peer.call(trigger)
            return any(isinstance(note, kind) for note in peer.notes)

        checks.that(await testing.eventually(told), f"a client is told of a change: {trigger}", peer.notes)
    await session.unsubscribe_resource(WATCHED)


async def cancel(checks, peer):
    """Of two long calls one is cancelled. When the other has its answer, that of the first would have come."""
    given_up = asyncio.create_task(peer.call("slow_compute", {"seconds": 5, "label": "given up"}))
    kept = asyncio.create_task(peer.call("slow_compute", {"seconds": 5, "label": "kept"}))
    await asyncio.sleep(0.5)
    given_up.cancel()
    await asyncio.wait([given_up])
    checks.that(given_up.cancelled(), "a call is cancelled", given_up)
    checks.equal(text(await kept), "Computed kept.", "the call beside it is answered")
    checks.that(not any("Computed given up." in entry["text"] for entry in peer.entries()), "a cancelled call has no answer", peer.entries()[-4:])


async def use_sluice(checks, peer, era):
    names = [tool.name for tool in await peer.tools()]
    checks.that({"crm__list_opportunities", "crm__query", "crm__update_opportunity_stage"} <= set(names), "a rep's tools are listed", names)
    rows = (await peer.call("crm__list_opportunities", {"limit": 20})).structured_content["opportunities"]
    checks.equal({row["owner"] for row in rows}, {"maya.chen"}, "a rep sees their own rows")
    refused = await peer.call("crm__update_opportunity_stage", {"id": rows[0]["id"], "stage": rows[0]["stage"]})
    checks.that(refused.is_error and "purpose" in text(refused), "a change without a purpose is refused", refused)
    results = await asyncio.gather(*(peer.call("crm__list_opportunities", {"limit": count}) for count in range(1, 9)))
    lengths = [len(result.structured_content["opportunities"]) for result in results]
    checks.equal(lengths, list(range(1, 9)), "each of eight calls at once gets its own answer")
    resources = await peer.resources()
    checks.that((await peer.read(str(resources[0].uri)))[0].text, "a resource is read")
    prompt = await peer.client.get_prompt("crm__pipeline_review", {"team": "emea-north"})
    checks.that("emea-north" in prompt.messages[0].content.text, "a prompt is filled in")
    checks.equal(await peer.complete("crm__pipeline_review", "team", "emea-n"), ["emea-north"], "an argument is completed")


async def converse(checks, package, target, use, era, wire, place, options, directory):
    record = os.path.join(directory, f"{era}.jsonl")
    heard = recording.Recording()
    if wire == "stdio":
        connection = {"command": gateways.tee(record, *place), "env": {**os.environ, **options}}
    else:
        connection = {"http": (place, RecordingTransport(heard), options)}

    def entries():
        return recording.read(record) if wire == "stdio" else heard.entries

    async with PACKAGES[package].connect(era, **connection) as peer:
        peer.entries = entries
        checks.equal(peer.client.protocol_version, VERSIONS[era], "the revision is agreed on")
        await use(checks, peer, era)
    protocol_schema.tell(checks, f"of {package} and {target}, {era} over {wire},", entries(), "server", [VERSIONS[era]])


async def main(checks, package, target):
    serving, use = {"everything": (everything, use_everything), "sluice": (sluice, use_sluice)}[target]
    with tempfile.TemporaryDirectory(prefix="sluice-interop-") as directory:
        async with serving(directory) as places:
            for era in VERSIONS:
                for wire, (place, options) in places.items():
                    with checks.part(f"{package} uses {target}, {era} over {wire}, to the end"):
                        await converse(checks, package, target, use, era, wire, place, options, directory)


if __name__ == "__main__":
    testing.run(lambda checks: main(checks, *sys.argv[1:]), 200)
