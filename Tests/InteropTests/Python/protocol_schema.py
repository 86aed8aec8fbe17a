"""Checks recorded messages against the published JSON schema of the revision they were sent in, those of the tasks extension against its page."""

import json
import os
from functools import lru_cache

import jsonschema

import task_shapes

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
MODERN = "2026-07-28"
# What only modern results carry.
MODERN_MEMBERS = {"resultType", "ttlMs", "cacheScope"}


def is_type(result, kind):
    return isinstance(result, dict) and result.get("resultType") == kind


class Schema:
    """The schema of one revision."""

    def __init__(self, revision):
        with open(os.path.join(os.environ["SLUICE_SHARED"], "spec", revision, "schema.json")) as file:
            self._document = json.load(file)
        self._members = "$defs" if "$defs" in self._document else "definitions"
        self.definitions = self._document[self._members]
        self._methods = {}
        for union in ("ClientRequest", "ServerRequest", "ClientNotification", "ServerNotification"):
            for name in self._alternatives(union):
                method = self.definitions[name]["properties"]["method"]["const"]
                self._methods[union, method] = name
        self._has_tasks = revision == MODERN
        self._error_codes = {}
        for name, definition in self.definitions.items():
            for code in self._codes(definition):
                self._error_codes[code] = name

    def _alternatives(self, union):
        definition = self.definitions.get(union, {})
        if "properties" in definition:
            return [union]  # a union of one, written out
        return [alternative["$ref"].rsplit("/", 1)[1] for alternative in definition.get("anyOf", [definition] if "$ref" in definition else [])]

    @staticmethod
    def _codes(definition):
        for part in [definition, *definition.get("allOf", [])]:
            error = part.get("properties", {}).get("error", {})
            for member in [error, *error.get("allOf", [])]:
                code = member.get("properties", {}).get("code", {}).get("const")
                if code is not None:
                    yield code

    @lru_cache(maxsize=None)
    def _validator(self, name):
        kind = jsonschema.validators.validator_for(self._document)
        return kind({"$ref": f"#/{self._members}/{name}", self._members: self.definitions})

    def problems(self, name, instance):
        error = jsonschema.exceptions.best_match(self._validator(name).iter_errors(instance))
        return [f"{name}: {error.json_path}: {error.message[:300]}"] if error else []

    def request(self, sender, message, is_strict=True):
        if self._has_tasks and sender == "client" and message["method"] in task_shapes.METHODS:
            return task_shapes.request(message, self, is_strict)
        return self._by_method("Request", sender, message)

    def notification(self, sender, message):
        if self._has_tasks and sender == "server" and message["method"] == task_shapes.NOTIFICATION:
            return task_shapes.notification(message, self)
        return self._by_method("Notification", sender, message)

    def _by_method(self, kind, sender, message):
        if self._has_tasks:
            message, problems = task_shapes.without_filter(message)
            if problems:
                return problems
        name = self._methods.get((sender.capitalize() + kind, message.get("method")))
        if name is None:
            return [f"no {kind} of a {sender} has the method {message.get('method')!r}"]
        return self.problems(f"JSONRPC{kind}", message) + self.problems(name, message)

    def result(self, asker, asked, message):
        framing = "JSONRPCResultResponse" if "JSONRPCResultResponse" in self.definitions else "JSONRPCResponse"
        method = asked["method"]
        is_task = method in task_shapes.METHODS or (method == "tools/call" and is_type(message["result"], "task"))
        if self._has_tasks and asker == "client" and is_task:
            return self.problems(framing, message) + task_shapes.result(asked, message["result"], self)
        request = self._methods.get((asker.capitalize() + "Request", method), "")
        name = request.removesuffix("Request") + "Result"
        if is_type(message["result"], "input_required"):
            name = "InputRequiredResult"
        if name not in self.definitions:
            name = "EmptyResult"
        return self.problems(framing, message) + self.problems(name, message["result"])

    def error(self, message):
        framing = "JSONRPCErrorResponse" if "JSONRPCErrorResponse" in self.definitions else "JSONRPCError"
        specific = self._error_codes.get(message["error"].get("code") if isinstance(message["error"], dict) else None)
        return self.problems(framing, message) + (self.problems(specific, message) if specific else [])


@lru_cache(maxsize=None)
def schema(revision):
    return Schema(revision)


class Report:
    def __init__(self):
        self.problems = []
        self.counts = {}

    def note(self, revision, entry, problems):
        self.counts[revision] = self.counts.get(revision, 0) + 1
        for problem in problems:
            self.problems.append(f"{revision}, {entry['from']}: {problem}\n    {entry['text'].strip()[:600]}")


def check(entries, sluice):
    """Validates one conversation: a client and a server, whose ids are their own.

    sluice: "client" or "server", the side that Sluice is: of it more is asked than the schemas can say.
    """
    report = Report()
    requests = {}  # (asker, id) -> (method, revision)
    negotiated = None
    output_schemas = {}
    for entry in entries:
        try:
            message = json.loads(entry["text"])
        except ValueError as error:
            report.note("no JSON", entry, [str(error)])
            continue
        for single in message if isinstance(message, list) else [message]:
            if not isinstance(single, dict):
                report.note("no message", entry, ["a message is an object"])
                continue
            sender = entry["from"]
            peer = "server" if sender == "client" else "client"
            params = single.get("params") if isinstance(single.get("params"), dict) else {}
            if "method" in single:
                revision = (params.get("_meta") or {}).get(VERSION_KEY) or negotiated or MODERN
                if single["method"] == "initialize":
                    revision = params.get("protocolVersion")
                if sender == "server" and single["method"].startswith("notifications/") and negotiated:
                    revision = negotiated
                of = schema(revision)
                if "id" in single:
                    requests[sender, json.dumps(single["id"])] = (single, revision)
                    report.note(revision, entry, of.request(sender, single, is_strict=sender == sluice))
                else:
                    report.note(revision, entry, of.notification(sender, single))
                continue
            asked, revision = requests.get((peer, json.dumps(single.get("id"))), (None, negotiated or MODERN))
            if "error" in single:
                report.note(revision, entry, schema(revision).error(single))
                continue
            if asked is None or "result" not in single:
                report.note(revision, entry, [f"answers no request: id {single.get('id')!r}"])
                continue
            if asked["method"] == "initialize":
                negotiated = revision = single["result"].get("protocolVersion", revision)
            if problems := schema(revision).result(peer, asked, single):
                report.note(revision, entry, problems)
                continue
            result = single["result"]
            if sender == sluice and revision != MODERN and (extra := MODERN_MEMBERS & result.keys()):
                problems.append(f"a legacy result has the modern members {sorted(extra)}")
            if asked["method"] == "tools/list":
                for tool in result["tools"]:
                    for member in ("inputSchema", "outputSchema"):
                        if member in tool:
                            problems += _schema_problems(f"{tool['name']}.{member}", tool[member])
                    output_schemas[tool["name"]] = tool.get("outputSchema")
            if asked["method"] == "tools/call" and not result.get("isError") and result.get("resultType") not in ("input_required", "task"):
                problems += _structure_problems(asked["params"]["name"], output_schemas.get(asked["params"]["name"]), result)
            report.note(revision, entry, problems)
    return report


def _schema_problems(name, candidate):
    try:
        jsonschema.Draft202012Validator.check_schema(candidate)
        return []
    except jsonschema.SchemaError as error:
        return [f"{name} is no JSON schema: {error.message}"]


def _structure_problems(name, output_schema, result):
    """A tool with an output schema answers with a structure that conforms to it (server/tools, "Output Schema")."""
    if output_schema is None:
        return []
    if "structuredContent" not in result:
        return [f"{name} has an outputSchema, and its result no structuredContent"]
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(output_schema).iter_errors(result["structuredContent"]))
    return [f"{name}: structuredContent: {error.json_path}: {error.message[:300]}"] if error else []


def tell(checks, what, entries, sluice, expecting=()):
    """One check for a conversation: each message is valid in its revision.

    expecting: revisions of which there must be messages.
    """
    report = check(entries, sluice)
    counts = ", ".join(f"{count} of {revision}" for revision, count in sorted(report.counts.items()))
    missing = [revision for revision in expecting if not report.counts.get(revision)]
    checks.that(
        not report.problems and not missing and report.counts,
        f"every message {what} is valid in its revision ({counts or 'none'})",
        "\n".join(report.problems[:12]) + (f"\nno message of {missing}" if missing else ""))
