"""An authorization server on authlib of PyPI, whose grants do the checking: ID-JAG, workload assertions, client credentials.

`IDJAGGrant` and `JWTBearerGrant` share a grant type, so a server has one of them. What is ours: the few lines that hold clients and
subjects, and the company's identity provider, which issues ID-JAGs. No identity provider that does was to be had.
"""

import secrets
import socket
import threading
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientCredentialsGrant, ClientMixin
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion, JWTBearerGrant
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oauth2.drafts.id_jag import IDJAGGrant
from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from werkzeug.serving import make_server

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SUBJECTS = {"ada", "maya.chen", "system:serviceaccount:tools:reader"}


class Served:
    """A Flask application on a free port."""

    def __init__(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(32)
        self.issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.app = Flask(__name__)
        self.server = make_server("127.0.0.1", listener.getsockname()[1], self.app, threaded=True, fd=listener.fileno())

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()


class User:
    def __init__(self, id):
        self.id = id

    def get_user_id(self):
        return self.id


class Client(ClientMixin):
    def __init__(self, id, grants, methods, secret=None, key=None):
        self.id, self.grants, self.methods, self.secret, self.key = id, grants, methods, secret, key

    def get_client_id(self):
        return self.id

    def get_allowed_scope(self, scope):
        return " ".join(one for one in (scope or "").split() if one.startswith("mcp:"))

    def check_client_secret(self, client_secret):
        return self.secret is not None and secrets.compare_digest(self.secret, client_secret)

    def check_endpoint_auth_method(self, method, endpoint):
        return method in self.methods

    def check_grant_type(self, grant_type):
        return grant_type in self.grants


class Authlib(Served):
    SECRET = "s3cret of a client: 100% & more"

    def __init__(self, resource, kind):
        super().__init__()
        self.resource = resource
        self.key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        self.clients, self.jtis = {}, set()
        # What the clients use that were entered: a server takes no other.
        self.methods = ["client_secret_basic"]
        self.provider = IdentityProvider()
        self.orchestrator = ECKey.generate_key("P-256")
        server = AuthorizationServer(self.app, query_client=self.clients.get, save_token=lambda token, request: None)
        server.register_token_generator("default", self._tokens())
        server.register_client_auth_method("private_key_jwt", self._assertions())
        server.register_grant(self._client_credentials())
        server.register_grant(self._id_jag() if kind == "idjag" else self._workload())
        self.app.add_url_rule("/token", "token", lambda: server.create_token_response(), methods=["POST"])
        self.app.add_url_rule("/jwks", "jwks", lambda: jsonify(KeySet([self.key]).as_dict(private=False)))
        self.app.add_url_rule("/.well-known/oauth-authorization-server", "metadata", lambda: jsonify({
            # Nothing is at the authorization endpoint. RFC 8414 lets a server without one leave it out; the mcp package does not.
            "issuer": self.issuer, "authorization_endpoint": self.issuer + "/authorize", "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/jwks", "response_types_supported": [],
            "grant_types_supported": [BEARER, "client_credentials"],
            "token_endpoint_auth_methods_supported": self.methods}))
        self.start()
        self.provider.start()

    def client(self, id, grants, methods, key=None):
        self.methods = methods
        self.clients[id] = Client(id, grants, methods, self.SECRET, key and ECKey.import_key(key))
        self.provider.known.add(id)

    def assertion(self, subject="system:serviceaccount:tools:reader", lifetime=300, audience=None, own=True):
        """What an orchestrator gives a workload."""
        now = int(time.time())
        claims = {"iss": "https://orchestrator.example", "sub": subject, "aud": audience or self.issuer + "/token", "iat": now, "exp": now + lifetime}
        return jwt.encode({"alg": "ES256"}, claims, self.orchestrator if own else ECKey.generate_key("P-256"))

    def _tokens(self):
        outer = self

        class Tokens(JWTBearerTokenGenerator):
            def get_jwks(self):
                return outer.key

            def get_audiences(self, client, user, scope):
                # RFC 8707: authlib leaves it to whoever uses it.
                return outer.resource if request.form.get("resource") == outer.resource else client.get_client_id()

            def get_extra_claims(self, client, grant_type, user, scope):
                return {"groups": ["sales_rep"]} if user else {}

        return Tokens(issuer=self.issuer, expires_generator=lambda client, grant_type: 3600)

    def _assertions(self):
        outer = self

        class Assertions(JWTBearerClientAssertion):
            CLIENT_AUTH_METHOD = "private_key_jwt"

            def get_audiences(self):
                return [outer.issuer, outer.issuer + "/token"]

            def validate_jti(self, claims, jti):
                is_new = jti not in outer.jtis
                outer.jtis.add(jti)
                return is_new

            def resolve_client_public_key(self, client):
                return client.key

        return Assertions()

    @staticmethod
    def _client_credentials():
        class Credentials(ClientCredentialsGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]

        return Credentials

    def _id_jag(self):
        outer = self

        class Grant(IDJAGGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]

            def get_audiences(self):
                return [outer.issuer]

            def resolve_issuer_key(self, issuer, headers):
                return outer.provider.key if issuer == outer.provider.issuer else ECKey.generate_key("P-256")

            def authenticate_user(self, subject):
                return User(subject) if subject in SUBJECTS else None

            def check_jti(self, claims, jti):
                is_new = (claims["iss"], jti) not in outer.jtis
                outer.jtis.add((claims["iss"], jti))
                return is_new

            def check_id_jag_permission(self, client, user, scopes):
                return self.request.id_jag_claims.get("resource") == outer.resource

        return Grant

    def _workload(self):
        outer = self

        class Grant(JWTBearerGrant):
            def resolve_issuer_client(self, issuer):
                return outer.clients.get("workload") if issuer == "https://orchestrator.example" else None

            def resolve_client_public_key(self, client):
                return outer.orchestrator

            def get_audiences(self):
                return [outer.issuer + "/token"]

            def authenticate_user(self, subject):
                return User(subject) if subject in SUBJECTS else None

            def has_granted_permission(self, client, user):
                return True

        return Grant

    def close(self):
        super().close()
        self.provider.close()


class IdentityProvider(Served):
    """The company's identity provider: a double of our own. It checks ID tokens, and makes ID-JAGs with authlib's `IDJAGGrant.sign`."""

    def __init__(self):
        super().__init__()
        self.key = ECKey.generate_key("P-256", auto_kid=True)
        # Clients of authorization servers that it speaks for, and how it is at fault.
        self.known, self.fault, self.last, self.exchanges = set(), None, None, []
        self.app.add_url_rule("/token", "token", self._exchange, methods=["POST"])
        self.app.add_url_rule("/.well-known/oauth-authorization-server", "metadata", lambda: jsonify({
            "issuer": self.issuer, "token_endpoint": self.issuer + "/token", "response_types_supported": [], "grant_types_supported": [EXCHANGE],
            "token_endpoint_auth_methods_supported": ["none"]}))

    def id_jag(self, audience, resource, subject):
        """An ID-JAG for whoever may ask for one without an exchange."""
        now = int(time.time())
        return IDJAGGrant.sign(
            self.key, self.issuer, audience, subject, sorted(self.known)[0], issued_at=now, expires_at=now + 300, claims={"resource": resource, "scope": "mcp:read"},
            alg="ES256")

    def id_token(self, subject="ada", lifetime=300):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": subject, "aud": "at-the-provider", "iat": now, "exp": now + lifetime}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    def _exchange(self):
        form = request.form
        self.exchanges.append(form.to_dict())
        if (form.get("grant_type"), form.get("requested_token_type"), form.get("subject_token_type"), form.get("client_id")) != (
                EXCHANGE, "urn:ietf:params:oauth:token-type:id-jag", "urn:ietf:params:oauth:token-type:id_token", "at-the-provider"):
            return jsonify(error="invalid_request", error_description=f"{sorted(form)}"), 400
        try:
            claims = jwt.decode(form["subject_token"], self.key).claims
            jwt.JWTClaimsRegistry(iss={"value": self.issuer}, aud={"value": "at-the-provider"}, exp={"essential": True}).validate(claims)
        except Exception as error:
            return jsonify(error="invalid_grant", error_description=str(error)), 400
        if not (self.fault == "replay" and self.last):
            now = int(time.time())
            self.last = IDJAGGrant.sign(
                self.key, self.issuer, "https://other.example" if self.fault == "audience" else form["audience"], claims["sub"],
                "somebody-else" if self.fault == "client" else sorted(self.known)[0], issued_at=now, expires_at=now + 300,
                claims={"resource": "https://other.example/mcp" if self.fault == "resource" else form["resource"], "scope": form.get("scope", "mcp:read")},
                alg="ES256")
        return jsonify(
            access_token=self.last, issued_token_type="urn:ietf:params:oauth:token-type:id-jag", token_type="N_A", expires_in=300, scope=form.get("scope", ""))
