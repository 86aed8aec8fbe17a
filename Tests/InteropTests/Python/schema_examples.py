"""Whether the check of recorded messages can be relied on: it accepts the specification's own examples, and rejects what is wrong."""

import json
import os

import checks as testing
import protocol_schema


def conversation(*messages):
    return [{"from": sender, "text": json.dumps({"jsonrpc": "2.0", **message})} for sender, message in messages]


META = {protocol_schema.VERSION_KEY: "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
LIST = ("client", {"id": 1, "method": "tools/list", "params": {"_meta": META}})
TOOL = {"name": "t", "inputSchema": {"type": "object"}, "outputSchema": {"type": "object", "required": ["x"]}}
LISTED = ("server", {"id": 1, "result": {"resultType": "complete", "tools": [TOOL], "ttlMs": 0, "cacheScope": "private"}})
CALL = ("client", {"id": 2, "method": "tools/call", "params": {"name": "t", "_meta": META}})
HANDSHAKE = [
    ("client", {"id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}}),
    ("server", {"id": 0, "result": {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}}),
]
WRONG = {
    "a result without its members": [LIST, ("server", {"id": 1, "result": {}})],
    "a result of the wrong type": [LIST, ("server", {"id": 1, "result": {**LISTED[1]["result"], "tools": [{"name": 7}]}})],
    "a result that answers no request": [("server", {"id": 9, "result": {}})],
    "a request that the revision does not have": [("client", {"id": 1, "method": "ping", "params": {"_meta": META}})],
    "a request without capabilities": [("client", {"id": 1, "method": "tools/list", "params": {"_meta": {protocol_schema.VERSION_KEY: "2026-07-28"}}})],
    "a notification that the revision does not have": [*HANDSHAKE, ("server", {"method": "notifications/subscriptions/acknowledged", "params": {}})],
    "an error without a code": [LIST, ("server", {"id": 1, "error": {"message": "no"}})],
    "a structure that does not fit": [LIST, LISTED, CALL, ("server", {"id": 2, "result": {"resultType": "complete", "content": [], "structuredContent": {}}})],
    "modern members in a legacy result": [
        *HANDSHAKE, ("client", {"id": 3, "method": "tools/list"}), ("server", {"id": 3, "result": {"tools": [], "resultType": "complete"}}),
    ],
}


async def main(checks):
    schema = protocol_schema.schema("2026-07-28")
    folder = os.path.join(os.environ["SLUICE_SHARED"], "spec", "2026-07-28", "examples")
    count, problems = 0, []
    for name in sorted(os.listdir(folder)):
        for example in sorted(os.listdir(os.path.join(folder, name))):
            with open(os.path.join(folder, name, example)) as file:
                problems += [f"{example}: {problem}" for problem in schema.problems(name, json.load(file))]
            count += 1
    checks.that(count > 50 and not problems, f"the {count} examples of the specification are valid", "\n".join(problems))
    report = protocol_schema.check(conversation(LIST, LISTED, *HANDSHAKE), "server")
    checks.equal((report.problems, report.counts), ([], {"2026-07-28": 2, "2025-06-18": 2}), "a conversation in two revisions is valid")
    for what, messages in WRONG.items():
        checks.that(protocol_schema.check(conversation(*messages), "server").problems, f"{what} is noticed")


if __name__ == "__main__":
    testing.run(main, 60)
