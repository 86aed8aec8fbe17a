"""demo_client.py ERA WIRE: the official MCP client of PyPI uses the demo as a rep and as a finance analyst."""

import asyncio
import sys
import tempfile
import warnings

import httpx2
import mcp_types as types
from mcp import MCPError

import checks as testing
import client as clients
import gateway as gateways
import protocol_schema

# Legacy requests are deprecated in the client: that is why they are tested.
warnings.simplefilter("ignore")

LIST = "crm__list_opportunities"
VERSIONS = {"modern": "2026-07-28", "legacy": "2025-11-25"}


async def main(checks, era, wire):
    with tempfile.TemporaryDirectory(prefix="sluice-interop-") as directory:
        async with gateways.demo(directory) as demo:
            async with clients.connect(era, wire, demo.endpoint, demo.tokens["rep"], directory, "rep") as rep:
                await use_as_rep(checks, rep, era)
            if era == "legacy" and wire == "http":
                await check_ended_session(checks, rep, demo)
            async with clients.connect(era, wire, demo.endpoint, demo.tokens["finance"], directory, "finance") as finance:
                await use_as_finance(checks, finance)
            for name, connected in (("of the rep", rep), ("of finance", finance)):
                protocol_schema.tell(checks, name, connected.entries(), "server", [VERSIONS[era]])
            await check_refused_token(checks, era, wire, demo, directory)


async def use_as_rep(checks, rep, era):
    client = rep.client
    checks.equal(client.protocol_version, VERSIONS[era], "the client and Sluice agree on the revision")
    checks.that(client.server_capabilities.tools and client.server_capabilities.prompts, "Sluice declares tools and prompts")
    checks.equal(client.server_info and client.server_info.name, "sluice", "Sluice names itself")

    with checks.part("lists are answered"):
        tools = await clients.names(client.list_tools, "tools")
        checks.that({LIST, "crm__get_account", "crm__query", "crm__update_opportunity_stage"} <= set(tools), "the rep's list has the tools of the CRM", tools)
        resources = (await client.list_resources()).resources
        checks.that(resources, "resources are listed")
        templates = (await client.list_resource_templates()).resource_templates
        checks.that(templates is not None, "resource templates are listed")
        prompts = await clients.names(client.list_prompts, "prompts")
        checks.equal(prompts, ["crm__pipeline_review"], "the prompt is listed under its upstream's name")
        contents = (await client.read_resource(resources[0].uri)).contents
        checks.that(contents and getattr(contents[0], "text", ""), "a resource is read", contents)

    with checks.part("rows are paged"):
        seen, cursor = [], None
        for _ in range(4):
            result = await client.call_tool(LIST, {"limit": 7, **({"cursor": cursor} if cursor else {})})
            rows = result.structured_content["opportunities"]
            seen += rows
            cursor = result.structured_content.get("next_cursor")
            if not cursor:
                break
        checks.that(len(seen) > 7 and len({row["id"] for row in seen}) == len(seen), "pages follow each other without repeating a row", len(seen))
        checks.equal({row["team"] for row in seen}, {"emea-north"}, "the rep sees opportunities of her own team only")

    with checks.part("a prompt is expanded and completed"):
        prompt = await client.get_prompt("crm__pipeline_review", {"team": "emea-north"})
        checks.that("emea-north" in prompt.messages[0].content.text, "the prompt is expanded with its argument", prompt)
        completion = await client.complete(types.PromptReference(type="ref/prompt", name="crm__pipeline_review"), {"name": "team", "value": "emea-n"})
        checks.equal(completion.completion.values, ["emea-north"], "a prompt's argument is completed")

    with checks.part("a change needs a purpose"):
        row = (await client.call_tool(LIST, {"limit": 1, "closed": False})).structured_content["opportunities"][0]
        change = {"id": row["id"], "stage": row["stage"]}
        refused = await client.call_tool("crm__update_opportunity_stage", change)
        checks.that(refused.is_error and "purpose" in clients.text(refused), "a change without a purpose is refused in words for the model", refused)
        changed = await client.call_tool("crm__update_opportunity_stage", {**change, "purpose": "interop test"})
        checks.that(not changed.is_error, "a change with a purpose is made", changed)

    with checks.part("mistakes are answered"):
        await expect_error(checks, client.call_tool("crm__no_such_tool", {}), types.INVALID_PARAMS, "an unknown tool is a protocol error")
        await expect_error(checks, client.list_tools(cursor="nonsense"), types.INVALID_PARAMS, "an invalid cursor is a protocol error")
        await expect_error(checks, client.get_prompt("crm__nothing", {}), types.INVALID_PARAMS, "an unknown prompt is a protocol error")
        code = types.INVALID_PARAMS if era != "legacy" else -32002
        await expect_error(checks, client.read_resource("crm://nowhere/at-all"), code, "an unknown resource is a protocol error")
        wrong = await client.call_tool(LIST, {"limit": "many"})
        checks.that(wrong.is_error, "arguments that do not fit are an error of the tool", wrong)

    if era == "legacy":
        with checks.part("the legacy requests are answered"):
            await client.send_ping()
            checks.that(True, "ping is answered")
            if client.server_capabilities.resources.subscribe:
                await client.subscribe_resource(resources[0].uri)
                await client.unsubscribe_resource(resources[0].uri)
                checks.that(True, "a resource is subscribed to and unsubscribed from")
    else:
        with checks.part("changes are subscribed to"):
            async with client.listen(tools_list_changed=True, resource_subscriptions=[str(resources[0].uri)]) as subscription:
                checks.that(subscription.honored.tools_list_changed, "a subscription is acknowledged", subscription.honored)

    with checks.part("requests run side by side"):
        results = await asyncio.gather(*(client.call_tool(LIST, {"limit": count}) for count in range(1, 13)))
        lengths = [len(result.structured_content["opportunities"]) for result in results]
        checks.equal(lengths, list(range(1, 13)), "each of twelve calls at once gets its own answer")


async def use_as_finance(checks, finance):
    client = finance.client
    with checks.part("finance sees closed opportunities"):
        tools = await clients.names(client.list_tools, "tools")
        checks.that("crm__revenue_summary" in tools and "crm__search_contacts" not in tools, "finance has other tools than the rep", tools)
        rows = (await client.call_tool(LIST, {"limit": 50})).structured_content["opportunities"]
        checks.that(len(rows) == 50 and all(row["closed"] for row in rows), "finance sees closed opportunities only", rows[:3])
        checks.that(len({row["team"] for row in rows}) > 1, "finance sees those of several teams")
        missing = client.call_tool("crm__search_contacts", {"query": "a"})
        await expect_error(checks, missing, types.INVALID_PARAMS, "a tool that finance may not use does not exist for it")


async def check_ended_session(checks, rep, demo):
    """What the client did at its end, and what comes of a session after it."""
    with checks.part("the session is ended by DELETE"):
        deletes = [exchange for exchange in rep.exchanges if exchange[0] == "DELETE"]
        checks.that(len(deletes) == 1 and deletes[0][1] in (200, 204), "the client ends its session by DELETE", deletes)
        session = deletes[0][2]["mcp-session-id"]
        headers = {
            "Authorization": f"Bearer {demo.tokens['rep']}", "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25",
            "Accept": "application/json, text/event-stream",
        }
        async with httpx2.AsyncClient() as http:
            answer = await http.post(demo.endpoint, headers=headers, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        checks.equal(answer.status_code, 404, "an ended session is gone")


async def check_refused_token(checks, era, wire, demo, directory):
    """A wrong token is an error for the client, never a connection that gives nothing."""
    try:
        async with asyncio.timeout(60):
            async with clients.connect(era, wire, demo.endpoint, "sluice_wrong", directory, "wrong") as wrong:
                await wrong.client.list_tools()
        checks.that(False, "a wrong token is refused", "tools were listed")
    except TimeoutError:
        checks.that(False, "a wrong token is refused", "no answer within a minute")
    except Exception as error:
        checks.that(True, "a wrong token is refused", error)


async def expect_error(checks, request, code, sentence):
    try:
        checks.that(False, sentence, await request)
    except MCPError as error:
        checks.equal(error.code, code, sentence)


if __name__ == "__main__":
    testing.run(lambda checks: main(checks, *sys.argv[1:]), 220)
