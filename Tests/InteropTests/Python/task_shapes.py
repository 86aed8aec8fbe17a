"""The messages of the tasks extension (io.modelcontextprotocol/tasks), held to its specification. The schema of the revision has none of them.

`of` is the schema of the revision, for what the extension takes from there.
"""

import re

EXTENSION = "io.modelcontextprotocol/tasks"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
METHODS = ("tasks/get", "tasks/update", "tasks/cancel")
NOTIFICATION = "notifications/tasks"
# What a task has in each status, beside what all have.
PAYLOADS = {"working": None, "input_required": "inputRequests", "completed": "result", "failed": "error", "cancelled": None}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def knows_tasks(request):
    """Whether the client declared the extension with this request."""
    capabilities = ((request.get("params") or {}).get("_meta") or {}).get(CAPABILITIES) or {}
    return EXTENSION in (capabilities.get("extensions") or {})


def request(message, of, is_strict):
    """A request about a task.

    is_strict: whether what it answers must be answers. One side or the other may try what happens if they are none.
    """
    params = message.get("params") or {}
    problems = of.problems("JSONRPCRequest", message) + of.problems("RequestParams", params)
    if not _is_text(params.get("taskId")):
        problems.append("taskId is no string")
    if message["method"] == "tasks/update":
        responses = params.get("inputResponses")
        problems += of.problems("InputResponses", responses) if is_strict else [] if isinstance(responses, dict) else ["inputResponses is no object"]
    return problems


def result(asked, result, of):
    """What answers a request about a task, or a call that became one."""
    if asked["method"] == "tools/call":
        problems = [] if knows_tasks(asked) else ["a task for a client that did not declare the extension"]
        if result.get("resultType") != "task":
            problems.append("a handle has the type task")
        return problems + _task(result) + _payload(result, None, of)
    problems = [] if result.get("resultType") == "complete" else [f"{asked['method']}: a result that is not complete"]
    if asked["method"] == "tasks/get":
        if result.get("taskId") != asked["params"].get("taskId"):
            problems.append("the state of another task")
        return problems + detailed(result, of)
    more = result.keys() - {"resultType", "_meta"}
    return problems + ([f"{asked['method']}: an acknowledgement with {sorted(more)}"] if more else [])


def notification(message, of):
    """News of a task: its whole state."""
    params = message.get("params")
    if not isinstance(params, dict):
        return ["news of a task without its state"]
    return of.problems("JSONRPCNotification", message) + detailed(params, of)


def without_filter(message):
    """A message of `subscriptions/listen` as the revision's schema knows it, and what is wrong with the tasks in its filter."""
    params = message.get("params")
    chosen = params.get("notifications") if isinstance(params, dict) else None
    if not isinstance(chosen, dict) or "taskIds" not in chosen:
        return message, []
    ids = chosen["taskIds"]
    problems = [] if isinstance(ids, list) and all(_is_text(id) for id in ids) else ["taskIds is no list of strings"]
    rest = {name: value for name, value in chosen.items() if name != "taskIds"}
    return {**message, "params": {**params, "notifications": rest}}, problems


def detailed(task, of):
    """The state of a task with what belongs to it."""
    return _task(task) + _payload(task, PAYLOADS.get(task.get("status")), of)


def _task(task):
    problems = []
    if not _is_text(task.get("taskId")):
        problems.append("taskId is no string")
    if task.get("status") not in PAYLOADS:
        problems.append(f"there is no status {task.get('status')!r}")
    for name in ("createdAt", "lastUpdatedAt"):
        if not isinstance(task.get(name), str) or not MOMENT.fullmatch(task[name]):
            problems.append(f"{name} is no time of ISO 8601")
    if "ttlMs" not in task or (task["ttlMs"] is not None and not _is_count(task["ttlMs"])):
        problems.append("ttlMs is neither milliseconds nor null")
    if "pollIntervalMs" in task and not _is_count(task["pollIntervalMs"]):
        problems.append("pollIntervalMs is no milliseconds")
    if "statusMessage" in task and not isinstance(task["statusMessage"], str):
        problems.append("statusMessage is no string")
    return problems


def _payload(task, expected, of):
    problems = [f"a task that is {task.get('status')} has {name}" for name in ("inputRequests", "result", "error") if name in task and name != expected]
    if expected is None:
        return problems
    value = task.get(expected)
    if not isinstance(value, dict):
        return problems + [f"a task that is {task['status']} has no {expected}"]
    if expected == "inputRequests":
        return problems + of.problems("InputRequests", value) + ([] if value else ["a task waits for nothing"])
    if expected == "result":
        # Only calls of tools become tasks.
        return problems + of.problems("CallToolResult", {"resultType": "complete", **value})
    return problems + of.problems("Error", value)


def _is_text(value):
    return isinstance(value, str) and value != ""


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
