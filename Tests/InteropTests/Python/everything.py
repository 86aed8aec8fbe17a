"""Drives Examples/EverythingServer over its wire, row by row of the fixtures of conformance tooling, and validates all its messages.

Usage: everything.py http|stdio|tasks
"""

import base64
import http.client
import json
import os
import queue
import subprocess
import sys
import threading
import time

import checks as sentences
import protocol_schema

BINARY = os.path.join(os.path.dirname(os.environ["SLUICE_BINARY"]), "everything-server")
MODERN = "2026-07-28"
PREFIX = "io.modelcontextprotocol/"
ALL = {"elicitation": {"form": {}, "url": {}}, "sampling": {"tools": {}}, "roots": {}}
TASKS = {"extensions": {PREFIX + "tasks": {}}}


class HTTPServer:
    def __init__(self):
        self.process = subprocess.Popen([BINARY, "--port", "0"], stdout=subprocess.PIPE, text=True, bufsize=1)
        watch = threading.Timer(60, self.process.kill)
        watch.daemon = True
        watch.start()
        self.port = int(self.process.stdout.readline().split(":")[2].split("/")[0])

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Peer:
    """One client of one revision, with the record of what was said."""

    def __init__(self, server, revision, capabilities=None):
        self.server, self.revision = server, revision
        self.capabilities = {} if capabilities is None else capabilities
        self.entries, self.session, self.next = [], None, 0
        self.answers = {}  # method -> function of params, for requests of the server
        self.seen = []  # what came before the last answer
        self.lock = threading.Lock()

    def note(self, sender, message):
        with self.lock:
            self.entries.append({"from": sender, "text": json.dumps(message)})

    # HTTP

    def exchange(self, verb, body, headers, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
        base = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"} | headers
        connection.request(verb, "/mcp", body, {k: v for k, v in base.items() if v is not None})
        return connection.getresponse()

    def events(self, response):
        event = {}
        for line in response:
            line = line.decode().rstrip("\r\n")
            if not line:
                if event:
                    yield event
                event = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(":")
                event[name] = event.get(name, "") + value.removeprefix(" ")
        if event:
            yield event

    def messages(self, response):
        if "text/event-stream" in (response.getheader("Content-Type") or ""):
            for event in self.events(response):
                if event.get("data"):
                    yield json.loads(event["data"])
        else:
            text = response.read()
            if text:
                yield json.loads(text)

    def headers(self, message):
        if self.revision == MODERN:
            params = message.get("params") or {}
            headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": message["method"]}
            name = params.get("name") or params.get("uri") or params.get("taskId")
            if name and message["method"] != "completion/complete":
                headers["Mcp-Name"] = name
            return headers
        headers = {"MCP-Protocol-Version": self.revision if self.session and self.revision >= "2025-06-18" else None}
        return headers | ({"Mcp-Session-Id": self.session} if self.session else {})

    def message(self, method, params, meta=None, capabilities=None):
        self.next += 1
        params = dict(params or {})
        if self.revision == MODERN:
            own = {PREFIX + "protocolVersion": MODERN, PREFIX + "clientCapabilities": self.capabilities if capabilities is None else capabilities}
            params["_meta"] = own | {PREFIX + "clientInfo": {"name": "t", "version": "1"}} | (meta or {})
        elif meta:
            params["_meta"] = meta
        return {"jsonrpc": "2.0", "id": self.next, "method": method} | ({"params": params} if params else {})

    def ask(self, method, params=None, meta=None, capabilities=None, headers=None, record=True):
        """The status and the response; requests of the server are answered, and notifications kept in `seen`."""
        message = self.message(method, params, meta, capabilities)
        if record:
            self.note("client", message)
        response = self.exchange("POST", json.dumps(message), self.headers(message) | (headers or {}))
        self.seen = []
        if method == "initialize":
            self.session = response.getheader("Mcp-Session-Id")
        answer = self.until_answer(response, message["id"], record)
        return response.status, answer

    def until_answer(self, response, id, record=True):
        for message in self.messages(response):
            if record:
                self.note("server", message)
            if message.get("id") == id and "method" not in message:
                return message
            if "method" not in message:
                return message
            self.seen.append(message)
            if "id" in message:
                answer = {"jsonrpc": "2.0", "id": message["id"], "result": self.answers[message["method"]](message.get("params"))}
                if record:
                    self.note("client", answer)
                self.exchange("POST", json.dumps(answer), self.headers(message)).read()
        return None

    def result(self, method, params=None, **more):
        status, answer = self.ask(method, params, **more)
        assert answer and "result" in answer, (status, answer)
        return answer["result"]

    def call(self, name, arguments=None, more=None, **options):
        params = {"name": name} | ({} if arguments is None else {"arguments": arguments}) | (more or {})
        return self.result("tools/call", params, **options)

    def initialize(self):
        self.result("initialize", {"protocolVersion": self.revision, "capabilities": self.capabilities, "clientInfo": {"name": "t", "version": "1"}})
        message = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        self.note("client", message)
        self.exchange("POST", json.dumps(message), self.headers(message)).read()

    def listen(self, filter, capabilities=None):
        message = self.message("subscriptions/listen", {"notifications": filter}, capabilities=capabilities)
        self.note("client", message)
        response = self.exchange("POST", json.dumps(message), self.headers(message))

        def heard():
            for received in self.messages(response):
                self.note("server", received)
                yield received

        return response, heard(), message["id"]

    def valid(self, checks, what):
        report = protocol_schema.check(self.entries, "server")
        checks.that(not report.problems, f"{what}: all {len(self.entries)} messages fit the schema", "\n".join(report.problems[:5]))


def accept(**content):
    return {"action": "accept", "content": content}


SAMPLED = {"role": "assistant", "content": {"type": "text", "text": "Paris"}, "model": "m", "stopReason": "endTurn"}
ROOTS = {"roots": [{"uri": "file:///work", "name": "work"}]}


def text(result):
    return result["content"][0].get("text", "")


def everything(checks, peer):
    """What both revisions have."""
    r = peer.revision
    tools = {tool["name"]: tool for tool in peer.result("tools/list")["tools"]}
    checks.that(all(tool.get("description") for tool in tools.values()), f"{r}: each tool has a description")
    checks.that(list(tools)[0] == "test_simple_text", f"{r}: the first tool needs no arguments")
    checks.equal(text(peer.call("test_simple_text")), "This is a simple text response for testing.", f"{r}: test_simple_text")
    checks.equal(text(peer.call(list(tools)[0], {})), "This is a simple text response for testing.", f"{r}: the first tool succeeds with no arguments in an object")
    image = peer.call("test_image_content", {})["content"][0]
    checks.that(image["mimeType"] == "image/png" and base64.b64decode(image["data"])[:4] == b"\x89PNG", f"{r}: test_image_content")
    audio = peer.call("test_audio_content", {})["content"][0]
    checks.that(r < "2025-03-26" or audio["mimeType"] == "audio/wav" and base64.b64decode(audio["data"])[:4] == b"RIFF", f"{r}: test_audio_content")
    resource = peer.call("test_embedded_resource", {})["content"][0]["resource"]
    checks.that(resource["uri"] == "test://embedded-resource" and resource["mimeType"] == "text/plain", f"{r}: test_embedded_resource")
    kinds = [block["type"] for block in peer.call("test_multiple_content_types", {})["content"]]
    checks.equal(kinds, ["text", "image", "resource"], f"{r}: test_multiple_content_types")
    link = peer.call("test_resource_link", {})["content"][0]
    checks.equal(link["type"], "resource_link" if r >= "2025-06-18" else "text", f"{r}: test_resource_link")
    failed = peer.call("test_error_handling", {})
    checks.that(failed["isError"] and text(failed), f"{r}: test_error_handling")
    peer.call("test_tool_with_progress", {}, meta={"progressToken": "p-1"})
    progress = [(m["params"]["progressToken"], m["params"]["progress"], m["params"]["total"]) for m in peer.seen]
    checks.equal(progress, [("p-1", 0, 100), ("p-1", 50, 100), ("p-1", 100, 100)], f"{r}: test_tool_with_progress")
    schema = tools["json_schema_2020_12_tool"]["inputSchema"]
    kept = ("$schema", "$defs", "allOf", "if", "then", "else", "additionalProperties")
    checks.that(all(key in schema for key in kept) and schema["$defs"]["address"]["$anchor"] == "addressDef", f"{r}: json_schema_2020_12_tool")

    prompts = [prompt["name"] for prompt in peer.result("prompts/list")["prompts"]]
    checks.that({"test_simple_prompt", "test_prompt_with_arguments"} <= set(prompts), f"{r}: prompts/list")
    got = peer.result("prompts/get", {"name": "test_simple_prompt"})["messages"][0]
    checks.equal(got["content"]["text"], "This is a simple prompt for testing.", f"{r}: test_simple_prompt")
    got = peer.result("prompts/get", {"name": "test_prompt_with_arguments", "arguments": {"arg1": "hello", "arg2": "world"}})["messages"][0]
    checks.equal(got["content"]["text"], "Prompt with arguments: arg1='hello', arg2='world'", f"{r}: test_prompt_with_arguments")
    got = peer.result("prompts/get", {"name": "test_prompt_with_embedded_resource", "arguments": {"resourceUri": "test://x"}})["messages"]
    checks.equal(got[0]["content"]["resource"]["uri"], "test://x", f"{r}: test_prompt_with_embedded_resource")
    got = peer.result("prompts/get", {"name": "test_prompt_with_image"})["messages"]
    checks.equal(got[0]["content"]["mimeType"], "image/png", f"{r}: test_prompt_with_image")
    ref = {"ref": {"type": "ref/prompt", "name": "test_prompt_with_arguments"}, "argument": {"name": "arg1", "value": "par"}}
    checks.equal(peer.result("completion/complete", ref)["completion"]["values"], ["paris", "park", "party"], f"{r}: completion for arg1")

    listed = {resource["uri"]: resource for resource in peer.result("resources/list")["resources"]}
    checks.that(listed["test://static-text"]["size"] == 48 and "annotations" in listed["test://static-text"], f"{r}: resources/list")
    read = peer.result("resources/read", {"uri": "test://static-text"})["contents"][0]
    checks.equal(read["text"], "This is the content of the static text resource.", f"{r}: test://static-text")
    read = peer.result("resources/read", {"uri": "test://static-binary"})["contents"][0]
    checks.that(read["mimeType"] == "image/png" and read["blob"], f"{r}: test://static-binary")
    read = peer.result("resources/read", {"uri": "test://watched-resource"})
    checks.that(read["contents"][0]["text"], f"{r}: test://watched-resource")
    checks.that(r < MODERN or (read["ttlMs"] >= 0 and read["cacheScope"] in ("public", "private")), f"{r}: resources/read has caching hints", read)
    templates = peer.result("resources/templates/list")["resourceTemplates"]
    checks.equal(templates[0]["uriTemplate"], "test://template/{id}/data", f"{r}: resources/templates/list")
    read = peer.result("resources/read", {"uri": "test://template/123/data"})["contents"][0]
    checks.equal(json.loads(read["text"])["data"], "Data for ID: 123", f"{r}: test://template/{{id}}/data")
    _, missing = peer.ask("resources/read", {"uri": "test://nowhere"})
    code = -32602 if r == MODERN else -32002
    checks.that(missing["error"]["code"] == code and missing["error"]["data"]["uri"] == "test://nowhere", f"{r}: an unknown resource", missing)
    return tools


def legacy(checks, server, revision):
    peer = Peer(server, revision, {"sampling": {}, "elicitation": {}, "roots": {}} if revision >= "2025-06-18" else {"sampling": {}, "roots": {}})
    peer.initialize()
    checks.that(peer.session, f"{revision}: a session")
    everything(checks, peer)
    peer.result("logging/setLevel", {"level": "info"})
    times = time.monotonic()
    peer.call("test_tool_with_logging", {})
    checks.that(len([m for m in peer.seen if m["method"] == "notifications/message"]) >= 3 and time.monotonic() - times > 0.1, f"{revision}: test_tool_with_logging")
    peer.answers = {"sampling/createMessage": lambda params: SAMPLED, "roots/list": lambda params: ROOTS}
    checks.equal(text(peer.call("test_sampling", {"prompt": "Capital?"})), "LLM response: Paris", f"{revision}: test_sampling")
    checks.that(peer.seen[0]["params"]["maxTokens"] == 100, f"{revision}: sampling/createMessage has 100 tokens")
    checks.equal(text(peer.call("test_input_required_result_list_roots", {})), "Roots: file:///work", f"{revision}: roots are asked for live")
    if revision >= "2025-06-18":
        peer.answers["elicitation/create"] = lambda params: accept(username="ann", email="ann@example.com")
        answer = text(peer.call("test_elicitation", {"message": "Who?"}))
        checks.that("action=accept" in answer and "ann@example.com" in answer and peer.seen[0]["params"]["message"] == "Who?", f"{revision}: test_elicitation")
        peer.answers["elicitation/create"] = lambda params: accept(name="A", age=3, score=1.5, status="active", verified=False)
        if revision >= "2025-11-25":
            # Numbers with a fraction do not fit ElicitResult in the published schema, though the specification's text has them.
            answer = text(peer.call("test_elicitation_sep1034_defaults", {}, record=False))
            problems = protocol_schema.schema(revision).request("server", peer.seen[0])
            checks.equal(problems, [], f"{revision}: the question with defaults fits the schema")
            fields = peer.seen[0]["params"]["requestedSchema"]["properties"]
            checks.equal({k: v["default"] for k, v in fields.items()}, {"name": "John Doe", "age": 30, "score": 95.5, "status": "active", "verified": True}, f"{revision}: defaults")
            checks.that("action=accept" in answer, f"{revision}: test_elicitation_sep1034_defaults")
            peer.answers["elicitation/create"] = lambda params: accept(untitledSingle="option1", titledMulti=["value1", "value2"])
            answer = text(peer.call("test_elicitation_sep1330_enums", {}))
            fields = peer.seen[0]["params"]["requestedSchema"]["properties"]
            checks.that(
                fields["untitledSingle"]["enum"] and fields["titledSingle"]["oneOf"][0]["const"] and fields["legacyEnum"]["enumNames"]
                and fields["untitledMulti"]["items"]["enum"] and fields["titledMulti"]["items"]["anyOf"][0]["title"] and "value2" in answer,
                f"{revision}: test_elicitation_sep1330_enums", fields)
        peer.answers["elicitation/create"] = lambda params: {"action": "decline"}
        checks.that("action=decline" in text(peer.call("test_elicitation", {"message": "Who?"})), f"{revision}: a user may decline")
    else:
        checks.that(peer.call("test_elicitation", {"message": "Who?"})["isError"], f"{revision}: what the client cannot do is not asked")
    peer.result("resources/subscribe", {"uri": "test://watched-resource"})
    peer.result("resources/unsubscribe", {"uri": "test://watched-resource"})
    if revision == "2025-11-25":
        reconnection(checks, peer)
    peer.valid(checks, revision)
    checks.equal(peer.exchange("DELETE", None, {"Mcp-Session-Id": peer.session}).status, 204, f"{revision}: DELETE ends the session")
    status, _ = peer.ask("ping", record=False)
    checks.equal(status, 404, f"{revision}: an ended session is not found")


def reconnection(checks, peer):
    message = peer.message("tools/call", {"name": "test_reconnection", "arguments": {}})
    peer.note("client", message)
    response = peer.exchange("POST", json.dumps(message), peer.headers(message))
    events = list(peer.events(response))
    checks.that(
        len(events) == 1 and events[0].get("id") and events[0].get("data", "") == "" and int(events[0]["retry"]) > 0,
        "test_reconnection: the first event has an id, a retry and no data, and the stream ends", events)
    last = events[0]["id"]
    headers = {"Mcp-Session-Id": peer.session, "MCP-Protocol-Version": peer.revision, "Last-Event-ID": last, "Accept": "text/event-stream", "Content-Type": None}
    again = peer.exchange("GET", None, headers)
    answer = peer.until_answer(again, message["id"])
    checks.that(answer and answer["id"] == message["id"] and not answer["result"].get("isError"), "test_reconnection: GET with Last-Event-ID has the answer", answer)
    # The stream ends after the answer; before that the next reader would be the second one of it.
    again.read()
    more = peer.exchange("GET", None, headers)
    checks.that([m["id"] for m in peer.messages(more)] == [message["id"]], "test_reconnection: what was delivered can be had again")
    other = Peer(peer.server, peer.revision)
    other.initialize()
    checks.equal(peer.exchange("GET", None, headers | {"Mcp-Session-Id": other.session}).status, 400, "test_reconnection: another session has no part in it")


def modern(checks, server):
    peer = Peer(server, MODERN, ALL)
    described = peer.result("server/discover")
    checks.that(described["ttlMs"] >= 0 and described["cacheScope"] and described["_meta"][PREFIX + "serverInfo"]["icons"], "discover")
    checks.that(PREFIX + "tasks" in described["capabilities"]["extensions"] and "tasks" not in described["capabilities"], "the tasks extension is declared")
    tools = everything(checks, peer)
    for method in ("tools/list", "prompts/list", "resources/list", "resources/templates/list"):
        result = peer.result(method)
        checks.that(result["resultType"] == "complete" and result["ttlMs"] >= 0 and result["cacheScope"] in ("public", "private"), f"{method} has caching hints")

    # Parameters in headers
    checks.equal(tools["test_x_mcp_header"]["inputSchema"]["properties"]["region"]["x-mcp-header"], "Region", "x-mcp-header is listed")

    def region(value, **headers):
        params = {"name": "test_x_mcp_header", "arguments": {"region": value}}
        return peer.ask("tools/call", params, headers={k.replace("_", "-"): v for k, v in headers.items()})

    encoded = base64.b64encode("zürich".encode()).decode()
    # Without its suffix an encoded value is a literal.
    for value, header in (
        ("us-west1", "us-west1"), ("zürich", f"=?base64?{encoded}?="), ("x", f"=?base64?{base64.b64encode(b'x').decode()}?="), ("=?base64?eA==", "=?base64?eA==")
    ):
        status, answer = region(value, Mcp_Param_Region=header)
        checks.that(status == 200 and answer["result"]["content"][0]["text"] == f"Region: {value}", f"Mcp-Param-Region: {header}", answer)
    for value, header in (("a", None), ("a", "b"), ("x", "=?base64?eA?="), ("x", "=?base64?e*==?="), ("x", base64.b64encode(b"x").decode()), ("x", "=?base64?eA==")):
        status, answer = region(value, **({"Mcp_Param_Region": header} if header else {}))
        checks.that(status == 400 and answer["error"]["code"] == -32020, f"Mcp-Param-Region: {header} for {value} is refused", (status, answer))

    status, answer = peer.ask("tools/call", {"name": "test_missing_capability", "arguments": {}}, capabilities={})
    checks.that(status == 400 and answer["error"]["code"] == -32021 and answer["error"]["data"]["requiredCapabilities"] == {"sampling": {}}, "test_missing_capability")

    peer.call("test_logging_tool", {}, meta={"progressToken": 1})
    checks.equal(peer.seen, [], "no log message unless asked for")
    peer.call("test_logging_tool", {}, meta={PREFIX + "logLevel": "debug"})
    checks.equal([m["method"] for m in peer.seen], ["notifications/message"], "a log message if asked for")
    result = peer.call("test_streaming_elicitation", {}, meta={"progressToken": 1})
    checks.that(all("id" not in m for m in peer.seen) and result["resultType"] == "input_required", "no request on the stream")

    questions(checks, peer)
    subscriptions(checks, peer)
    rules(checks, peer)
    peer.valid(checks, MODERN)


def questions(checks, peer):
    def rounds(name, *answers, kind="tools/call"):
        params = {"name": name} | ({"arguments": {}} if kind == "tools/call" else {})
        result = peer.result(kind, params)
        states = []
        for answer in answers:
            assert result["resultType"] == "input_required", result
            states.append(result["requestState"])
            checks.that(set(answer) == set(result["inputRequests"]), f"{name} asks {sorted(answer)}", result)
            result = peer.result(kind, params | {"inputResponses": answer, "requestState": result["requestState"]})
        checks.that(result["resultType"] == "complete" and len(set(states)) == len(states), f"{name} completes", result)
        return result

    prefix = "test_input_required_result_"
    checks.equal(text(rounds(prefix + "elicitation", {"user_name": accept(name="Alice")})), "Hello, Alice!", "an elicitation")
    checks.equal(text(rounds(prefix + "sampling", {"capital_question": SAMPLED})), "Paris", "a sampling")
    checks.that("file:///work" in text(rounds(prefix + "list_roots", {"client_roots": ROOTS})), "roots")
    checks.that("state-ok" in text(rounds(prefix + "request_state", {"confirm": accept(ok=True)})), "the state comes back")
    three = {"user_name": accept(name="A"), "greeting": SAMPLED, "client_roots": ROOTS}
    rounds(prefix + "multiple_inputs", three)
    rounds(prefix + "multi_round", {"step1": accept(name="A")}, {"step2": accept(color="blue")})
    rounds(prefix + "prompt", {"user_context": accept(context="c")}, kind="prompts/get")

    def once(responses, state=None):
        more = {"inputResponses": responses} | ({"requestState": state} if state else {})
        # What is asked does not fit the schema, on purpose; what is answered must.
        status, answer = peer.ask("tools/call", {"name": prefix + "elicitation", "arguments": {}} | more, record=False)
        of = protocol_schema.schema(MODERN)
        problems = of.error(answer) if "error" in answer else of.result("client", {"method": "tools/call"}, answer)
        checks.equal(problems, [], f"the answer to {responses} fits the schema")
        return status, answer

    for responses in ({"wrong_key": accept(data="x")}, {"user_name": 12345}, {"user_name": None}, {"user_name": accept(name=3)}):
        _, answer = once(responses)
        checks.equal(answer["result"]["resultType"], "input_required", f"{responses} asks again")
    _, answer = once(None)
    checks.equal(answer["error"]["code"], -32602, "responses that are null are an error")
    _, asked = once({})
    extra = {"user_name": accept(name="A"), "unknown": accept(x="y")}
    for state, what in ((asked["result"]["requestState"], ""), (None, ", without a state as well")):
        _, answer = once(extra, state)
        checks.equal(answer["result"]["resultType"], "complete", f"extra keys are ignored{what}")
    _, answer = peer.ask("tools/call", {"name": prefix + "tampered_state", "arguments": {}, "inputResponses": {"confirm": accept(ok=True)}})
    checks.equal(answer["result"]["resultType"], "input_required", "an answer to what was not asked is none elsewhere")
    state = peer.call(prefix + "tampered_state", {})["requestState"]
    status, answer = peer.ask(
        "tools/call", {"name": prefix + "tampered_state", "arguments": {}, "inputResponses": {"confirm": accept(ok=True)}, "requestState": state + "-TAMPERED"})
    checks.that(status == 400 and answer["error"]["code"] == -32602, "a changed state is an error")
    status, answer = peer.ask("tools/call", {"name": prefix + "elicitation", "arguments": {}, "requestState": state})
    checks.equal(answer["error"]["code"], -32602, "the state of another tool is an error")
    asked = peer.call(prefix + "capabilities", {}, capabilities={"sampling": {}})["inputRequests"]
    checks.equal([request["method"] for request in asked.values()], ["sampling/createMessage"], "only what the client declared is asked")


def subscriptions(checks, peer):
    for filter, trigger, method in (
        ({"toolsListChanged": True}, "test_trigger_tool_change", "notifications/tools/list_changed"),
        ({"promptsListChanged": True}, "test_trigger_prompt_change", "notifications/prompts/list_changed"),
        ({"resourceSubscriptions": ["test://watched-resource"]}, "test_trigger_resource_update", "notifications/resources/updated"),
    ):
        # On a busy machine one change may be late, but not each of five.
        for _ in range(5):
            response, messages, id = peer.listen(filter)
            first = next(messages)
            checks.equal((first["method"], first["params"]["notifications"]), ("notifications/subscriptions/acknowledged", filter), f"{method}: acknowledged first")
            started = time.monotonic()
            peer.call(trigger, {})
            change = next(messages)
            took = time.monotonic() - started
            checks.that(
                change["method"] == method and change["params"]["_meta"][PREFIX + "subscriptionId"] == id and took < 15, f"{method} reaches the subscriber", change)
            response.close()
            if took < 1:
                break
        checks.that(took < 1, f"{method} takes less than a second", took)


def rules(checks, peer):
    def raw(method, params, headers, id=77):
        body = {"jsonrpc": "2.0", "id": id, "method": method} | ({"params": params} if params is not None else {})
        response = peer.exchange("POST", json.dumps(body), {"Mcp-Method": method} | headers)
        answer = json.loads(response.read() or b"{}")
        if "error" in answer:
            checks.equal(protocol_schema.schema(MODERN).error(answer), [], f"the error for {method} with {sorted(params or {})} fits the schema")
        return response.status, answer

    version = {"MCP-Protocol-Version": MODERN}
    good = {PREFIX + "protocolVersion": MODERN, PREFIX + "clientCapabilities": {}}
    for params in (None, {}, {"_meta": {}}, {"_meta": {PREFIX + "clientCapabilities": {}}}, {"_meta": {PREFIX + "protocolVersion": MODERN}}):
        status, answer = raw("tools/list", params, version)
        checks.that(status == 400 and answer["error"]["code"] == -32602 and answer["id"] == 77, f"params {params} are refused", (status, answer))
    unknown = {PREFIX + "protocolVersion": "2099-01-01", PREFIX + "clientCapabilities": {}}
    status, answer = raw("tools/list", {"_meta": unknown}, {"MCP-Protocol-Version": "2099-01-01"})
    checks.that(status == 400 and answer["error"]["code"] == -32022 and answer["error"]["data"]["requested"] == "2099-01-01", "an unknown version", answer)
    status, answer = raw("tools/list", {"_meta": unknown}, version)
    checks.that(status == 400 and answer["error"]["code"] == -32020, "a version header that differs is refused first", answer)
    for method in ("initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "no/such", "tasks/result", "tasks/list"):
        status, answer = raw(method, {"_meta": good}, version)
        checks.that(status == 404 and answer["error"]["code"] == -32601 and answer["id"] == 77, f"{method} is not found", (status, answer))
    tool = "test_simple_text"
    status, answer = raw("tools/call", {"_meta": good, "name": tool, "arguments": {}}, version | {"Mcp-Name": f" \t{tool} \t "})
    checks.that(status == 200 and "result" in answer, "white space around Mcp-Name is no part of it", (status, answer))
    for name in ("Host", "Origin"):
        value = "evil.example.com" if name == "Host" else "https://evil.example.com"
        status, _ = raw("tools/list", {"_meta": good}, version | {name: value})
        checks.equal(status, 403, f"a foreign {name} is refused")


def tasks(checks, server):
    peer = Peer(server, MODERN, ALL | TASKS)

    def start(name, arguments=None, more=None):
        task = peer.call(name, arguments or {}, more)
        checks.that(
            task["resultType"] == "task" and isinstance(task["ttlMs"], int) and isinstance(task["pollIntervalMs"], int) and "task" not in task
            and "requestState" not in task and task["createdAt"].endswith("Z"), f"{name} becomes a task", task)
        return task["taskId"]

    def get(id):
        return peer.result("tasks/get", {"taskId": id})

    def until(id, *states):
        deadline = time.monotonic() + 60
        while (task := get(id))["status"] not in states and time.monotonic() < deadline:
            time.sleep(0.02)
        return task

    final = ("completed", "failed", "cancelled")
    greeted = peer.call("greet", {"name": "World"})
    checks.that(greeted["resultType"] == "complete" and text(greeted) == "Hello, World!" and "taskId" not in greeted, "greet answers at once")
    greeted = peer.call("greet", {"name": "World"}, {"task": {"ttl": 5000}})
    checks.equal(greeted["resultType"], "complete", "an old hint for a task is ignored")
    id = start("slow_compute", {"seconds": 3, "label": "x"})
    first = get(id)
    checks.that(first["resultType"] == "complete" and first["status"] == "working" and "result" not in first, "a task works", first)
    done = until(id, *final)
    checks.that(done["status"] == "completed" and text(done["result"]) == "Computed x.", "a task completes", done)
    checks.equal(peer.result("tasks/cancel", {"taskId": id})["resultType"], "complete", "a finished task may be cancelled")
    checks.equal(get(id)["status"], "completed", "and stays what it was")
    id = start("slow_compute", {"seconds": 60})
    checks.equal(peer.result("tasks/cancel", {"taskId": id})["resultType"], "complete", "tasks/cancel is acknowledged")
    checks.equal(until(id, *final)["status"], "cancelled", "a cancelled task is cancelled")
    done = until(start("failing_job"), *final)
    checks.that(done["status"] == "completed" and done["result"]["isError"], "failing_job completes with an error", done)
    done = until(start("protocol_error_job"), *final)
    checks.that(done["status"] == "failed" and done["error"]["code"] == -32603 and "result" not in done and done["statusMessage"], "protocol_error_job fails", done)

    id = start("confirm_delete", {"filename": "a.txt"})
    waiting = until(id, "input_required", *final)
    checks.that(waiting["inputRequests"]["confirm"]["method"] == "elicitation/create" and "requestState" not in waiting, "confirm_delete asks", waiting)
    for responses in ({"other": accept()}, {"confirm": 3}, {"confirm": accept(confirm="yes")}):
        peer.result("tasks/update", {"taskId": id, "inputResponses": responses})
    checks.equal(get(id)["status"], "input_required", "what is no answer changes nothing")
    updated = peer.result("tasks/update", {"taskId": id, "inputResponses": {"confirm": accept(confirm=True)}})
    checks.equal(updated["resultType"], "complete", "tasks/update is acknowledged")
    checks.equal(text(until(id, *final)["result"]), "Deleted a.txt.", "confirm_delete goes on")
    id = start("multi_input")
    deadline = time.monotonic() + 60
    while len(get(id).get("inputRequests", {})) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    checks.equal(set(get(id)["inputRequests"]), {"first", "second"}, "multi_input asks twice at once")
    peer.result("tasks/update", {"taskId": id, "inputResponses": {"first": accept(name="a", confirm=True)}})
    waiting = get(id)
    checks.that(waiting["status"] == "input_required" and set(waiting["inputRequests"]) == {"second"}, "the other question stays open", waiting)
    peer.result("tasks/update", {"taskId": id, "inputResponses": {"second": accept(name="b", confirm=True)}})
    checks.equal(text(until(id, *final)["result"]), "a and b", "multi_input completes")

    asked = peer.call("test_tool_with_task", {})
    checks.that(asked["resultType"] == "input_required" and "taskId" not in asked, "test_tool_with_task asks in a round of the call", asked)
    answer = {"inputResponses": {"user_name": accept(name="Ann")}, "requestState": asked["requestState"]}
    checks.equal(text(until(start("test_tool_with_task", {}, answer), *final)["result"]), "Hello, Ann!", "test_tool_with_task goes on as a task")

    status, answer = peer.ask("tasks/get", {"taskId": "nope"})
    checks.that(status == 400 and answer["error"]["code"] == -32602, "an unknown task", answer)
    status, answer = peer.ask("tasks/get", {"taskId": id}, headers={"Mcp-Name": "other"})
    checks.that(status == 400 and answer["error"]["code"] == -32020, "Mcp-Name is the id of the task", answer)
    needed = {"requiredCapabilities": TASKS}
    for method in ("tasks/get", "tasks/update", "tasks/cancel"):
        status, answer = peer.ask(method, {"taskId": id, "inputResponses": {}}, capabilities=ALL)
        checks.that(status == 400 and answer["error"]["code"] == -32021 and answer["error"]["data"] == needed, f"{method} needs the extension", answer)
    status, answer = peer.ask("tools/call", {"name": "failing_job", "arguments": {}}, capabilities=ALL)
    checks.that(answer["error"]["code"] == -32021 and answer["error"]["data"] == needed, "a required task needs the extension", answer)
    result = peer.call("slow_compute", {"seconds": 0, "label": "y"}, capabilities=ALL)
    checks.that(result["resultType"] == "complete" and text(result) == "Computed y.", "without the extension a tool answers at once")
    asked = peer.call("confirm_delete", {"filename": "b"}, capabilities=ALL)
    checks.equal(asked["resultType"], "input_required", "without the extension a tool asks in rounds")

    id = start("slow_compute", {"seconds": 3})
    response, messages, listener = peer.listen({"taskIds": [id]})
    checks.equal(next(messages)["params"]["notifications"], {"taskIds": [id]}, "a task may be listened to")
    told = next(messages)
    checks.that(
        told["method"] == "notifications/tasks" and told["params"]["status"] == "completed" and told["params"]["result"]
        and told["params"]["_meta"][PREFIX + "subscriptionId"] == listener, "and tells its end", told)
    response.close()
    response, messages, _ = peer.listen({"taskIds": [id]}, capabilities={})
    checks.that(response.status == 400 and next(messages)["error"]["code"] == -32021, "listening to tasks needs the extension")
    peer.valid(checks, "tasks")


def stdio(checks):
    process = subprocess.Popen([BINARY, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    entries, lines = [], queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()

    def say(message):
        entries.append({"from": "client", "text": json.dumps(message)})
        process.stdin.write(json.dumps(message) + "\n")

    def hear():
        line = lines.get(timeout=60)
        entries.append({"from": "server", "text": line})
        return json.loads(line)

    say({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2024-11-05", "capabilities": {"sampling": {}}, "clientInfo": {"name": "t", "version": "1"}}})
    checks.equal(hear()["result"]["protocolVersion"], "2024-11-05", "2024-11-05 is spoken over stdio")
    say({"jsonrpc": "2.0", "method": "notifications/initialized"})
    for number, name in enumerate(("test_audio_content", "test_resource_link", "test_multiple_content_types"), 1):
        say({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name}})
        checks.that("result" in hear(), f"2024-11-05: {name}")
    say({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "test_sampling", "arguments": {"prompt": "?"}}})
    asked = hear()
    checks.equal(asked["method"], "sampling/createMessage", "the question comes on the pipe")
    say({"jsonrpc": "2.0", "id": asked["id"], "result": SAMPLED})
    checks.equal(hear()["result"]["content"][0]["text"], "LLM response: Paris", "and its answer goes to its call")
    process.stdin.close()
    checks.equal(process.wait(60), 0, "the server ends with its input")
    report = protocol_schema.check(entries, "server")
    checks.that(not report.problems, "2024-11-05: all messages fit the schema", "\n".join(report.problems[:5]))


async def main(checks):
    what = sys.argv[1]
    if what == "stdio":
        with checks.part("everything over stdio"):
            stdio(checks)
        return
    server = HTTPServer()
    try:
        with checks.part(f"everything at {what}"):
            if what == "tasks":
                tasks(checks, server)
            elif what == MODERN:
                modern(checks, server)
            else:
                legacy(checks, server, what)
    finally:
        server.stop()


sentences.run(main, 220)
