"""oauth_issuer.py glewlwyd|canaille|idjag|workload RESOURCE [OPTIONS]: an authorization server for an MCP server at RESOURCE (line_protocol.py).

OPTIONS: JSON, of a Glewlwyd.
"""

import json
import os
import sys

import line_protocol


class Issuer:
    """What a test may have done to an authorization server, by name."""

    def __init__(self, kind, resource, **options):
        if kind == "glewlwyd":
            import issuer_glewlwyd

            self.server = issuer_glewlwyd.Glewlwyd(os.getcwd(), [resource], **options)
        elif kind == "canaille":
            import issuer_canaille

            self.server = issuer_canaille.Canaille(resource)
        else:
            import issuer_authlib

            self.server = issuer_authlib.Authlib(resource, kind)
        self.close = self.server.close

    def ready(self):
        about = {"issuer": self.server.issuer, "secret": self.server.SECRET}
        return {**about, "provider": self.server.provider.issuer} if hasattr(self.server, "provider") else about

    def do_client(self, **client):
        self.server.client(**client)

    def do_browse(self, url):
        return self.server.browse(url)

    def do_admit(self, id):
        self.server.admit(id)

    def do_rotate(self):
        self.server.rotate()

    def do_revoke(self, **token):
        self.server.revoke(**token)

    def do_assertion(self, **claims):
        return self.server.assertion(**claims)

    def do_id_token(self, **claims):
        return self.server.provider.id_token(**claims)

    def do_id_jag(self, **claims):
        return self.server.provider.id_jag(**claims)

    def do_fault(self, fault):
        self.server.provider.fault = fault

    def do_exchanges(self):
        return self.server.provider.exchanges


line_protocol.serve(lambda: Issuer(sys.argv[1], sys.argv[2], **json.loads(sys.argv[3] if len(sys.argv) > 3 else "{}")))
