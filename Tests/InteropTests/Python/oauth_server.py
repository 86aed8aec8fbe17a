"""The official package's authorization server and resource server, and our everything client before them.

oauth_server.py REVISION
"""

import asyncio
import os
import secrets
import socket
import sys
import time

import uvicorn
from mcp.server.auth.provider import AccessToken, AuthorizationCode, RefreshToken, construct_redirect_uri
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthToken

import checks as checking


class Provider:
    """An authorization server with nobody to ask: every authorization is granted."""

    def __init__(self, resource):
        self.resource = resource
        self.clients, self.codes, self.access, self.refresh = {}, {}, {}, {}
        self.refreshed = 0
        self.lifetime = 3600

    async def get_client(self, client_id):
        return self.clients.get(client_id)

    async def register_client(self, client_info):
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client, params):
        code = AuthorizationCode(
            code=secrets.token_urlsafe(32), scopes=params.scopes or [], expires_at=time.time() + 60, client_id=client.client_id,
            code_challenge=params.code_challenge, redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly, resource=params.resource, subject="ada")
        self.codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state)

    async def load_authorization_code(self, client, authorization_code):
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client, authorization_code):
        del self.codes[authorization_code.code]
        return self.issue(client, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(self, client, refresh_token):
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(self, client, refresh_token, scopes):
        del self.refresh[refresh_token.token]
        self.refreshed += 1
        self.lifetime = 3600
        return self.issue(client, scopes, refresh_token.resource)

    async def load_access_token(self, token):
        return self.access.get(token)

    async def revoke_token(self, token):
        self.access.pop(token.token, None)

    def issue(self, client, scopes, resource):
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = int(time.time())
        self.access[access] = AccessToken(
            token=access, client_id=client.client_id, scopes=scopes, expires_at=now + 3600, resource=resource, subject="ada")
        self.refresh[refresh] = RefreshToken(token=refresh, client_id=client.client_id, scopes=scopes, resource=resource, subject="ada")
        return OAuthToken(access_token=access, token_type="Bearer", expires_in=self.lifetime, scope=" ".join(scopes), refresh_token=refresh)


async def main(checks):
    revision = sys.argv[1]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    provider = Provider(f"{origin}/mcp")
    # The first token is as good as over when it comes: the second request refreshes.
    provider.lifetime = 1
    server = MCPServer(
        "protected", auth_server_provider=provider,
        auth=AuthSettings(
            issuer_url=origin, resource_server_url=f"{origin}/mcp", required_scopes=["mcp:basic"], validate_token_resource=True,
            client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=["mcp:basic"], default_scopes=["mcp:basic"])))
    called = []

    @server.tool(name="test-tool")
    def test_tool() -> str:
        called.append(True)
        return "done"

    web = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error"))
    serving = asyncio.create_task(web.serve(sockets=[listener]))
    try:
        async def started():
            return web.started

        await checking.eventually(started)
        binary = os.path.join(os.path.dirname(os.environ["SLUICE_BINARY"]), "everything-client")
        environment = {**os.environ, "MCP_CONFORMANCE_SCENARIO": "auth/basic-dcr", "MCP_CONFORMANCE_PROTOCOL_VERSION": revision}
        process = await asyncio.create_subprocess_exec(
            binary, f"{origin}/mcp", env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        checks.equal(process.returncode, 0, f"the client gets through ({output.decode()[-2000:]})")
        checks.equal(len(called), 1, "the tool is called once")
        checks.equal(len(provider.clients), 1, "one client is registered")
        checks.that(provider.refreshed >= 1, "the token that is over is refreshed", provider.refreshed)
        checks.that(all(token.resource == f"{origin}/mcp" for token in provider.access.values()), "tokens are for the MCP server", provider.access)
    finally:
        web.should_exit = True
        await serving


checking.run(main, 200)
