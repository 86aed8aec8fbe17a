"""older_revisions.py REVISION: a client that speaks one revision by plain HTTP messages, as clients in the field still do."""

import json
import sys
import tempfile

import httpx2

import checks as testing
import gateway as gateways
import protocol_schema
from recording import Recording
from recording_transport import RecordingTransport

LIST = "crm__list_opportunities"


class Session:
    """Messages over Streamable HTTP with nothing between."""

    def __init__(self, http, endpoint):
        self.http = http
        self.endpoint = endpoint
        self.headers = {"Accept": "application/json, text/event-stream"}
        self.count = 0

    async def post(self, body):
        return await self.http.post(self.endpoint, json=body, headers=self.headers)

    def message(self, method, params=None):
        self.count += 1
        return {"jsonrpc": "2.0", "id": self.count, "method": method, **({"params": params} if params is not None else {})}

    async def request(self, method, params=None):
        return answer(await self.post(self.message(method, params)))

    async def open(self, revision):
        response = await self.post(self.message("initialize", {
            "protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "plain", "version": "1"},
        }))
        result = answer(response)["result"]
        self.headers["Mcp-Session-Id"] = response.headers["mcp-session-id"]
        if result["protocolVersion"] >= "2025-06-18":
            self.headers["MCP-Protocol-Version"] = result["protocolVersion"]
        return result


def answer(response):
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        events = [line[5:] for line in response.text.splitlines() if line.startswith("data:") and line[5:].strip()]
        return json.loads(events[-1])
    return response.json()


async def main(checks, revision):
    with tempfile.TemporaryDirectory(prefix="sluice-interop-") as directory:
        async with gateways.demo(directory) as demo:
            recording = Recording()
            authorization = {"Authorization": f"Bearer {demo.tokens['rep']}"}
            async with httpx2.AsyncClient(transport=RecordingTransport(recording), headers=authorization, timeout=30) as http:
                await use(checks, Session(http, demo.endpoint), revision)
            protocol_schema.tell(checks, "of the session", recording.entries, "server", [revision])
            async with httpx2.AsyncClient(headers=authorization, timeout=30) as http:
                result = await Session(http, demo.endpoint).open("1999-12-31")
                checks.equal(result["protocolVersion"], "2025-11-25", "whoever asks for a revision that never was is offered the newest with sessions")


async def use(checks, session, revision):
    result = await session.open(revision)
    checks.equal(result["protocolVersion"], revision, f"{revision} is agreed on")
    accepted = await session.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    checks.equal((accepted.status_code, accepted.content), (202, b""), "a notification is accepted without an answer")

    tools = (await session.request("tools/list"))["result"]["tools"]
    checks.that(LIST in [tool["name"] for tool in tools], "tools are listed")
    result = (await session.request("tools/call", {"name": LIST, "arguments": {"limit": 2}}))["result"]
    checks.that(result["content"] and len(result["structuredContent"]["opportunities"]) == 2, "a tool is called", result)
    uri = (await session.request("resources/list"))["result"]["resources"][0]["uri"]
    checks.that((await session.request("resources/read", {"uri": uri}))["result"]["contents"], "a resource is read")
    error = (await session.request("resources/read", {"uri": "crm://nowhere"}))["error"]
    checks.equal(error["code"], -32002, "a missing resource has the code that this revision gives it")
    prompt = await session.request("prompts/get", {"name": "crm__pipeline_review", "arguments": {}})
    checks.that(prompt["result"]["messages"], "a prompt is expanded")
    reference = {"type": "ref/prompt", "name": "crm__pipeline_review"}
    completion = await session.request("completion/complete", {"ref": reference, "argument": {"name": "team", "value": "emea"}})
    checks.that(completion["result"]["completion"]["values"], "an argument is completed")
    checks.equal((await session.request("ping"))["result"], {}, "ping is answered")

    if revision == "2025-03-26":
        batch = [session.message("ping"), session.message("tools/call", {"name": LIST, "arguments": {"limit": 1}})]
        answers = (await session.post([*batch, {"jsonrpc": "2.0", "method": "notifications/initialized"}])).json()
        checks.equal(sorted(one["id"] for one in answers), [batch[0]["id"], batch[1]["id"]], "a batch is answered by a batch")
    else:
        # Not recorded: this revision has no such message, nor an answer to it whose id its schema could describe.
        async with httpx2.AsyncClient(headers=session.http.headers) as http:
            response = await http.post(session.endpoint, json=[session.message("ping")], headers=session.headers)
        checks.equal(response.status_code, 400, "a batch is refused: this revision has none")

    ended = await session.http.delete(session.endpoint, headers=session.headers)
    checks.equal(ended.status_code, 204, "DELETE ends the session")
    gone = await session.post(session.message("ping"))
    checks.equal(gone.status_code, 404, "an ended session is gone")


if __name__ == "__main__":
    testing.run(lambda checks: main(checks, *sys.argv[1:]), 200)
