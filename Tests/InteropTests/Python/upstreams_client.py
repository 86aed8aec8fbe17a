"""upstreams_client.py ERA WIRE: the official client reaches servers of both eras, over both wires, through one gateway."""

import asyncio
import os
import signal
import sys
import tempfile
import time
import warnings

import mcp_types as types
from mcp import MCPError

import checks as testing
import client as clients
import fleet as fleets
import gateway as gateways
import protocol_schema
import recording

warnings.simplefilter("ignore")


async def main(checks, era, wire):
    with tempfile.TemporaryDirectory(prefix="sluice-interop-") as directory:
        async with fleets.fleet(directory) as fleet:
            config = await fleet.configuration()
            async with gateways.serve(config, [fleets.ADMIN]) as gateway:
                started = time.monotonic()
                options = {"elicitation_callback": answer_guest, "sampling_callback": answer_model, "list_roots_callback": answer_roots}
                async with clients.connect(era, wire, gateway.endpoint, gateway.tokens[fleets.ADMIN], directory, "admin", **options) as admin:
                    await check_listing(checks, admin, started)
                    await check_borrowed_servers(checks, admin)
                    for name in fleets.OURS:
                        await check_server(checks, admin, era, name)
                        await check_cancellation(checks, admin, era, fleet, name)
                    for name in ("local", "web", "old", "oldweb"):
                        await check_question(checks, admin, name)
                    await check_list_changes(checks, admin, era)
                    await check_restarts(checks, admin, fleet)
                    await check_broken(checks, admin)
                left = gateways.children(gateway.pid)
                if era == "legacy":
                    os.kill(gateway.pid, signal.SIGKILL)  # instead of the signal that asks
            log = gateway.log_text()
            errors = [line for line in log.splitlines() if " error sluice" in line and "server=missing" not in line]
            checks.that(not errors, "the gateway's log tells of no error but of the program that is missing", errors)
            checks.that(log.count("Traceback") == 0, "no upstream ends in a traceback", log[-3000:])
            alive = await testing.eventually(lambda: gone(left))
            how = "killed" if era == "legacy" else "ended"
            checks.that(len(left) >= 10 and alive, f"no process of an upstream outlives a gateway that is {how}", [pid for pid in left if gateways.is_running(pid)])
            protocol_schema.tell(checks, "of the client", admin.entries(), "server", [clients_version(era)])
            for name, revision in (fleets.STDIO | fleets.HTTP).items():
                protocol_schema.tell(checks, f"between Sluice and {name}", recording.read(fleet.record(name)), "client", [revision])


def clients_version(era):
    return "2026-07-28" if era == "modern" else "2025-11-25"


async def gone(pids):
    return not any(gateways.is_running(pid) for pid in pids)


async def check_listing(checks, admin, started):
    with checks.part("upstreams are listed"):
        expected = {"crm", *fleets.STDIO, *fleets.HTTP}

        async def listed():
            tools = await clients.names(admin.client.list_tools, "tools")
            return expected <= {tool.split("__")[0] for tool in tools} and tools

        tools = await testing.eventually(listed)
        elapsed = time.monotonic() - started
        checks.that(tools, "every upstream that works is listed", tools or await clients.names(admin.client.list_tools, "tools"))
        # The one that hangs is given up after 30 seconds.
        checks.that(elapsed < 25, "upstreams that hang, end at once or cannot be reached delay none of the others", f"{elapsed:.1f} s")
        counts = {name: sum(tool.startswith(name + "__") for tool in tools or []) for name in ("git", "time", "notes")}
        checks.equal(counts, {"git": 12, "time": 2, "notes": 6}, "every tool of the servers that nobody here wrote is listed")


async def check_borrowed_servers(checks, admin):
    call = admin.client.call_tool
    with checks.part("mcp-server-git is used"):
        result = await call("git__git_log", {"repo_path": gateways.ROOT, "max_count": 1})
        checks.that(not result.is_error and "Commit" in clients.text(result), "mcp-server-git tells the log of this repository", result)
        result = await call("git__git_show", {"repo_path": gateways.ROOT, "revision": "no-such-revision"})
        checks.that(result.is_error, "an error of mcp-server-git arrives as one", result)
    with checks.part("mcp-server-time is used"):
        result = await call("time__convert_time", {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"})
        checks.that(not result.is_error and "21:00" in clients.text(result), "mcp-server-time converts a time", result)
        result = await call("time__get_current_time", {"timezone": "Nowhere/Atall"})
        checks.that(result.is_error, "an error of mcp-server-time arrives as one", result)
    with checks.part("mcp-server-sqlite is used"):
        await call("notes__create_table", {"query": "CREATE TABLE t (x INTEGER)"})
        await call("notes__write_query", {"query": "INSERT INTO t VALUES (41), (42)"})
        result = await call("notes__read_query", {"query": "SELECT max(x) AS m FROM t"})
        checks.that("42" in clients.text(result), "mcp-server-sqlite writes and reads", result)
        contents = (await admin.client.read_resource("memo://insights")).contents
        checks.that("No business insights" in contents[0].text, "its resource is read", contents)
        prompt = await admin.client.get_prompt("notes__mcp-demo", {"topic": "tests"})
        checks.that(prompt.messages, "its prompt is expanded")
    with checks.part("the connector of ours is used"):
        result = await call("crm__list_opportunities", {"limit": 3})
        checks.equal(len(result.structured_content["opportunities"]), 3, "the connector in the gateway's own process answers beside them")


async def check_server(checks, admin, era, name):
    """What any server can be asked."""
    client, kind = admin.client, f"{name} ({(fleets.STDIO | fleets.HTTP)[name]})"
    with checks.part(f"{kind} is used"):
        result = await client.call_tool(f"{name}__add", {"a": 2, "b": 3})
        expected = {"sum": 5, "note": f"from {name}: Grüße 🚀"}
        checks.equal(result.structured_content, expected, f"{kind}: a structured result arrives as it was made")
        result = await client.call_tool(f"{name}__fail", {"reason": "for the test"})
        checks.that(result.is_error and "failed on purpose: for the test" in clients.text(result), f"{kind}: a failed tool says so", result)
        result = await client.call_tool(f"{name}__add", {"a": "two"})
        checks.that(result.is_error, f"{kind}: arguments that do not fit are refused", result)
        contents = (await client.read_resource(f"note://{name}/fixed")).contents
        checks.equal(contents[0].text, f"a note of {name}", f"{kind}: a resource is read")
        contents = (await client.read_resource(f"note://{name}/notes/tea")).contents
        checks.equal(contents[0].text, f"{name} on tea", f"{kind}: a resource of a template is read")
        prompt = await client.get_prompt(f"{name}__greet", {"who": "Ada"})
        checks.that(f"Greet Ada from {name}." in prompt.messages[0].content.text, f"{kind}: a prompt is expanded", prompt)
        reference = types.PromptReference(type="ref/prompt", name=f"{name}__greet")
        completion = await client.complete(reference, {"name": "who", "value": "a"})
        checks.equal(completion.completion.values, ["ada", "alan"], f"{kind}: an argument of a prompt is completed")
        reference = types.ResourceTemplateReference(type="ref/resource", uri=f"note://{name}/notes/{{topic}}")
        completion = await client.complete(reference, {"name": "topic", "value": "g"})
        checks.equal(completion.completion.values, ["grace"], f"{kind}: a variable of a template is completed")
        if name in ("local", "web"):
            try:
                checks.that(False, f"{kind}: a protocol error keeps its code", await client.call_tool(f"{name}__refuse", {}))
            except MCPError as error:
                checks.equal((error.code, error.message), (-32050, "refused on purpose"), f"{kind}: a protocol error keeps its code")

    with checks.part(f"{kind} reports progress"):
        reported = []

        async def progress(done, total, message):
            reported.append((done, total))

        result = await client.call_tool(f"{name}__count", {"to": 5}, progress_callback=progress)
        checks.that("counted to 5" in clients.text(result), f"{kind}: a call with progress has its result", result)
        if name != "plain":  # answers with one JSON text, in which there is no room for progress
            # The client hands each report to a task of its own: they are there, but need not be in order.
            await testing.eventually(lambda: enough(reported, 5))
            checks.equal(sorted(reported), [(step, 5) for step in range(1, 6)], f"{kind}: each step of progress reaches the client")


async def enough(found, count):
    return len(found) >= count


async def answer_guest(context, params):
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def answer_model(context, params):
    return types.CreateMessageResult(role="assistant", content=types.TextContent(type="text", text="thought"), model="test-model")


async def answer_roots(context):
    return types.ListRootsResult(roots=[types.Root(uri="file:///srv/work", name="work")])


async def check_question(checks, admin, name):
    """Tools that ask on their way, of servers of either era: the client answers in the way of its own."""
    kind = f"{name} ({(fleets.STDIO | fleets.HTTP)[name]})"
    with checks.part(f"{kind} asks a question"):
        result = await admin.client.call_tool(f"{name}__welcome", {})
        checks.equal(clients.text(result), f"Welcome, Ada, to {name}.", f"{kind}: a question of the server is answered by the user, through the gateway")
        if name in ("local", "web"):
            return
        result = await admin.client.call_tool(f"{name}__ponder", {})
        checks.equal(clients.text(result), "test-model says: thought", f"{kind}: the client's model writes a message for the server")
        result = await admin.client.call_tool(f"{name}__where", {})
        checks.equal(clients.text(result), "file:///srv/work", f"{kind}: the server learns the client's roots")


async def check_cancellation(checks, admin, era, fleet, name):
    kind = f"{name} ({(fleets.STDIO | fleets.HTTP)[name]})"
    with checks.part(f"a call to {kind} is cancelled"):
        call = asyncio.create_task(admin.client.call_tool(f"{name}__wait", {"seconds": 30, "mark": f"wait-{name}"}))
        checks.that(await testing.eventually(lambda: marked(fleet, f"wait-{name}.started")), f"{kind}: a long call has begun")
        call.cancel()
        try:
            await call
        except BaseException:
            pass
        if name == "plain":
            return  # knows no sessions: a cancellation finds nothing there
        cancelled = await testing.eventually(lambda: marked(fleet, f"wait-{name}.cancelled"))
        checks.that(cancelled, f"{kind}: a cancellation by the client reaches the server")
        result = await admin.client.call_tool(f"{name}__add", {"a": 1, "b": 1})
        checks.equal(result.structured_content["sum"], 2, f"{kind}: the next call is answered")


async def marked(fleet, mark):
    return fleet.has_mark(mark)


async def check_list_changes(checks, admin, era):
    """A tool that appears while the gateway runs."""
    if era == "modern":
        async with admin.client.listen(tools_list_changed=True) as subscription:
            heard = asyncio.create_task(count_events(subscription, admin))
            await grow(checks, admin, lambda: heard_count(admin))
            heard.cancel()
    else:
        await grow(checks, admin, lambda: len(admin.notified(types.ToolListChangedNotification)))


async def count_events(subscription, admin):
    admin.events = 0
    async for _ in subscription:
        admin.events += 1


def heard_count(admin):
    return getattr(admin, "events", 0)


async def grow(checks, admin, heard):
    for name in fleets.OURS:
        if name == "plain":
            continue
        kind = f"{name} ({(fleets.STDIO | fleets.HTTP)[name]})"
        with checks.part(f"{kind} grows a tool"):
            before = heard()
            await admin.client.call_tool(f"{name}__grow", {"name": "grown"})

            async def told():
                return heard() > before

            checks.that(await testing.eventually(told), f"{kind}: a change of its list is told to the client")
            tools = await clients.names(admin.client.list_tools, "tools")
            checks.that(f"{name}__grown" in tools, f"{kind}: the new tool is listed", tools)
            result = await admin.client.call_tool(f"{name}__grown", {})
            checks.that(f"grown of {name}" in clients.text(result), f"{kind}: the new tool is called", result)


async def check_restarts(checks, admin, fleet):
    """Servers that are killed come back, and nobody notices but by the time it takes."""

    async def pid(name):
        return (await admin.client.call_tool(f"{name}__pid", {})).structured_content["result"]

    for name in ("local", "old"):
        with checks.part(f"{name} is killed"):
            old = await pid(name)
            os.kill(old, signal.SIGKILL)
            started = time.monotonic()
            new = await pid(name)
            checks.that(new != old, f"{name}: after kill -9, the next call is answered by a new process", f"{time.monotonic() - started:.2f} s, {old}, {new}")
    for name in ("web", "oldweb", "plain"):
        with checks.part(f"{name} is restarted"):
            old = await pid(name)
            await fleet.kill(name)
            refused = await admin.client.call_tool(f"{name}__add", {"a": 1, "b": 1})
            checks.that(refused.is_error and "try again later" in clients.text(refused), f"{name}: while it is down, a call says that it is", refused)
            await fleet.start(name)
            new = await pid(name)
            checks.that(new != old, f"{name}: after its restart, the next call is answered", (old, new))


async def check_broken(checks, admin):
    """The broken ones have nothing listed, and asking for them names no internals."""
    for name in ("hanging", "broken", "missing", "nobody"):
        with checks.part(f"{name} is called"):
            try:
                result = await admin.client.call_tool(f"{name}__anything", {})
                checks.that(False, f"{name}: a tool that was never listed is unknown", result)
            except MCPError as error:
                checks.equal(error.code, types.INVALID_PARAMS, f"{name}: a tool that was never listed is unknown")


if __name__ == "__main__":
    testing.run(lambda checks: main(checks, *sys.argv[1:]), 220)
