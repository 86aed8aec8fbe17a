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
KNOWING = {**META, "io.modelcontextprotocol/clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}}
LATER = ("client", {"id": 4, "method": "tools/call", "params": {"name": "t", "_meta": KNOWING}})
TASK = {"taskId": "x", "status": "working", "createdAt": "2026-07-28T00:00:00Z", "lastUpdatedAt": "2026-07-28T00:00:00.5+02:00", "ttlMs": None, "pollIntervalMs": 5}
HANDLE = ("server", {"id": 4, "result": {"resultType": "task", **TASK}})
LOOK = ("client", {"id": 5, "method": "tasks/get", "params": {"taskId": "x", "_meta": KNOWING}})
UPDATE = ("client", {"id": 6, "method": "tasks/update", "params": {"taskId": "x", "inputResponses": {}, "_meta": KNOWING}})
CANCEL = ("client", {"id": 7, "method": "tasks/cancel", "params": {"taskId": "x", "_meta": KNOWING}})
ASKING = {"status": "input_required", "inputRequests": {"q": {"method": "roots/list"}}}


def seen(**members):
    """The answer to a look at the task; members that are None are left out."""
    state = {name: value for name, value in {"resultType": "complete", **TASK, **members}.items() if value is not None or name == "ttlMs"}
    return ("server", {"id": 5, "result": state})


def told(**members):
    return ("server", {"method": "notifications/tasks", "params": {**TASK, **members}})


TASKS = [
    LATER, HANDLE, LOOK, seen(), LOOK, seen(**ASKING), LOOK, seen(status="completed", result={"content": []}), LOOK, seen(status="cancelled", statusMessage="no"),
    LOOK, seen(status="failed", error={"code": -32603, "message": "no"}), UPDATE, ("server", {"id": 6, "result": {"resultType": "complete"}}),
    CANCEL, ("server", {"id": 7, "result": {"resultType": "complete"}}), told(status="completed", result={"content": []}),
    ("client", {"id": 8, "method": "subscriptions/listen", "params": {"notifications": {"taskIds": ["x"]}, "_meta": KNOWING}}),
]
WRONG = {
    "a task for a client without the extension": [CALL, ("server", {"id": 2, "result": {"resultType": "task", **TASK}})],
    "a handle with a result": [LATER, ("server", {"id": 4, "result": {"resultType": "task", **TASK, "result": {"content": []}}})],
    "a state with the type of a handle": [LOOK, seen(resultType="task")],
    "a state without its id": [LOOK, seen(taskId=None)],
    "the state of another task": [LOOK, seen(taskId="y")],
    "a status that there is not": [LOOK, seen(status="done")],
    "a time that is none": [LOOK, seen(createdAt="today")],
    "a time to live that is a text": [LOOK, seen(ttlMs="60")],
    "an interval with a fraction": [LOOK, seen(pollIntervalMs=0.5)],
    "a completed task without its result": [LOOK, seen(status="completed")],
    "a completed task whose result is none": [LOOK, seen(status="completed", result={"content": 7})],
    "a failed task without its error": [LOOK, seen(status="failed", error={"message": "no"})],
    "a working task with a result": [LOOK, seen(result={"content": []})],
    "a task that asks nothing": [LOOK, seen(status="input_required", inputRequests={})],
    "a task that asks what there is not": [LOOK, seen(status="input_required", inputRequests={"q": {"method": "tools/list"}})],
    "an acknowledgement with more": [CANCEL, ("server", {"id": 7, "result": {"resultType": "complete", **TASK}})],
    "news of a task without its state": [("server", {"method": "notifications/tasks", "params": {"taskId": "x"}})],
    "a look at no task": [("client", {"id": 5, "method": "tasks/get", "params": {"_meta": KNOWING}})],
    "an update without answers": [("client", {"id": 6, "method": "tasks/update", "params": {"taskId": "x", "_meta": KNOWING}})],
    "tasks by number in a filter": [("client", {"id": 8, "method": "subscriptions/listen", "params": {"notifications": {"taskIds": [1]}, "_meta": KNOWING}})],
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
    report = protocol_schema.check(conversation(*TASKS), "client")
    checks.equal((report.problems, report.counts), ([], {"2026-07-28": len(TASKS)}), "a conversation about a task is valid")
    for what, messages in WRONG.items():
        checks.that(protocol_schema.check(conversation(*messages), "server").problems, f"{what} is noticed")


if __name__ == "__main__":
    testing.run(main, 60)
