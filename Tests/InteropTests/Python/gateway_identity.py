"""gateway_identity.py glewlwyd|idjag ERA: `sluice serve` with an issuer of somebody else, and the official client before it.

glewlwyd: the client registers and sends its user to the browser. idjag: it comes with an assertion of the company's identity provider.
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import urllib.parse

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.auth.extensions.identity_assertion import IdentityAssertionOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

import checks as testing
import client as clients
import gateway as gateways
import peer as peers
import protocol_schema
import recording
from recording_transport import RecordingTransport

VERSIONS = {"modern": "2026-07-28", "legacy": "2025-11-25"}
REDIRECT = "http://127.0.0.1:39999/callback"
POLICY = """
@id("reps-read-their-own")
permit (principal in Role::"sales_rep", action in Action::"read", resource is Opportunity) when { resource.owner == principal };
@id("reps-see-internal")
permit (principal in Role::"sales_rep", action == Action::"reveal", resource == Category::"internal");
"""


class Storage:
    def __init__(self):
        self.tokens = self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


def configuration(resource, issuer, claims):
    """A sluice.yaml; JSON is YAML. The provider's groups are the roles of the policy."""
    return {
        "name": "Northwind", "resource": resource, "audit": {"origin": "example.com/interop"},
        "identity": {"unlisted_users": True, "jwt": {
            "issuer": issuer, "jwks": issuer + "/jwks", "scopes": ["mcp:read"], "claims": claims}},
        "policy": {"cedar": POLICY}, "upstreams": {"crm": {"sqlite": "crm.sqlite", "sample": "northwind"}}}


async def main(checks, kind, era):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    resource = f"http://{address}/mcp"
    options = {"user": "maya.chen", "groups": ["sales_rep"]} if kind == "glewlwyd" else {}
    with tempfile.TemporaryDirectory(prefix="sluice-interop-") as directory:
        async with peers.issuer(kind, resource, os.path.join(directory, "issuer.log"), **options) as issuer:
            config = os.path.join(directory, "sluice.yaml")
            claims = {"user": "username", "roles": "groups"} if kind == "glewlwyd" else {"roles": "groups"}
            with open(config, "w") as file:
                json.dump(configuration(resource, issuer.about["issuer"], claims), file)
            async with gateways.serve(config, [], listen=address) as gateway:
                checks.equal(gateway.endpoint, resource, "the gateway listens where its clients know it")
                if kind == "glewlwyd":
                    await use(checks, era, resource, *by_browser(checks, resource, issuer))
                else:
                    await issuer.ask("client", id="app", grants=["urn:ietf:params:oauth:grant-type:jwt-bearer"], methods=["client_secret_post"])
                    await use(checks, era, resource, *by_assertion(checks, resource, issuer))


def by_browser(checks, resource, issuer):
    storage, visits = Storage(), []

    async def redirect(url):
        visits.append(url)

    async def callback():
        back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(await issuer.ask("browse", url=visits[-1])).query))
        if "code" not in back:
            raise RuntimeError(f"the browser came back with {back}")
        return AuthorizationCodeResult(code=back["code"], state=back["state"], iss=back["iss"])

    metadata = OAuthClientMetadata(client_name="interop", redirect_uris=[REDIRECT], token_endpoint_auth_method="client_secret_basic")

    def told():
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(visits[0]).query))
        checks.equal(len(visits), 1, "the user is sent to the browser once")
        checks.equal(asked["resource"], resource, "the client asks for a token for the gateway")
        checks.that("mcp:read" in asked.get("scope", "").split(), "it asks for the scope that the gateway's challenge names", asked)
        checks.that(storage.client.client_id, "it has registered")

    return OAuthClientProvider(resource, metadata, storage, redirect, callback), told


def by_assertion(checks, resource, issuer):
    asked = []

    async def assertion(audience, resource):
        asked.append((audience, resource))
        return await issuer.ask("id_jag", audience=audience, resource=resource, subject="maya.chen")

    def told():
        checks.equal(asked, [(issuer.about["issuer"], resource)], "one ID-JAG is asked for, for the gateway")

    return IdentityAssertionOAuthProvider(resource, Storage(), "app", issuer.about["secret"], issuer.about["issuer"], assertion, "mcp:read"), told


async def use(checks, era, resource, authorization, told):
    seen = recording.Recording()
    transport = RecordingTransport(seen)
    async with httpx2.AsyncClient(transport=transport, auth=authorization, timeout=30) as http:
        async with Client(streamable_http_client(resource, http_client=http), mode=clients.MODES[era], read_timeout_seconds=30, cache=None) as client:
            checks.equal(client.protocol_version, VERSIONS[era], "the revision is agreed on")
            tools = await clients.names(client.list_tools, "tools")
            checks.that("crm__list_opportunities" in tools, "the role that comes with the group shows the tools", tools)
            checks.that("crm__update_opportunity_stage" not in tools, "and none that it does not permit", tools)
            rows = (await client.call_tool("crm__list_opportunities", {"limit": 50})).structured_content["opportunities"]
            checks.equal({row["owner"] for row in rows}, {"maya.chen"}, "the user that the token names has their own rows")
    told()
    refusals = [status for _, status, _, _ in transport.exchanges if status in (401, 403)]
    checks.equal(refusals, [401], "one challenge is enough")
    # The same client speaks OAuth.
    messages = [entry for entry in seen.entries if '"jsonrpc"' in entry["text"]]
    protocol_schema.tell(checks, "of the conversation", messages, "server", [VERSIONS[era]])


if __name__ == "__main__":
    testing.run(lambda checks: main(checks, *sys.argv[1:]), 200)
