"""Glewlwyd, an OpenID provider in C of Debian: its own database, configuration and port, gone with the process.

Only what a test asks of it is set up: a user, scopes, clients and one instance of its OpenID Connect plugin. It says of itself what it
supports; RFC 8414 is not among that, so that a client must try the places of OpenID Connect Discovery.
"""

import base64
import gzip
import http.cookiejar
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives.asymmetric import ec, rsa

BINARY = shutil.which("glewlwyd")
SCHEMA = "/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"
MODULES = "/usr/lib/glewlwyd"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Session:
    """A browser's cookies, and nothing followed by itself."""

    def __init__(self, origin):
        self.origin = origin
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), NoRedirect())

    def send(self, method, url, body=None, headers=None):
        """Status, headers and body of the answer."""
        url = url if url.startswith("http") else self.origin + url
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
        try:
            with self.opener.open(request, timeout=10) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def must(self, method, url, body=None):
        status, _, text = self.send(method, url, body)
        if status != 200:
            raise RuntimeError(f"glewlwyd: {method} {url} answered {status}: {text.decode()[:2000]}")
        return json.loads(text) if text else None


def b64(number):
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def rsa_key(kid):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    public = key.public_numbers
    return {
        "kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "n": b64(public.n), "e": b64(public.e), "d": b64(key.d), "p": b64(key.p), "q": b64(key.q),
        "dp": b64(key.dmp1), "dq": b64(key.dmq1), "qi": b64(key.iqmp)}


def free_port():
    """Below the ports that the system gives out by itself: nobody else gets it before it is used."""
    while True:
        port = random.randrange(16000, 20000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Glewlwyd:
    """
    resources: the audiences of RFC 8707 that every scope allows.
    scopes: what may be granted.
    user, password, groups: of the one person.
    """

    # It does not decode the parts of a Basic header (RFC 6749 section 2.3.1): a secret that needs no encoding.
    SECRET = "s3cret-of-a-client-of-32-bytes-or-more"

    def __init__(self, directory, resources, scopes=("mcp:read", "mcp:write"), user="ada", password="Ada's password", groups=()):
        if not BINARY or not os.path.exists(SCHEMA):
            raise RuntimeError("glewlwyd is not installed (scripts/test-setup.sh)")
        self.directory, self.resources, self.scopes = directory, list(resources), list(scopes)
        self.user, self.password = user, password
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.issuer = self.origin + "/api/oidc"
        self.keys = [rsa_key("first")]
        self.log = os.path.join(directory, "glewlwyd.log")
        self._start()
        try:
            self._configure(groups)
        except BaseException:
            self.close()
            raise

    def _configure(self, groups):
        self.admin = Session(self.origin)
        self.admin.must("POST", "/api/auth/", {"username": "admin", "password": "password"})
        users = self.admin.must("GET", "/api/mod/user/database")
        users["parameters"]["data-format"]["groups"] = {"multiple": True, "read": True, "write": True, "profile-read": False, "profile-write": False}
        self.admin.must("PUT", "/api/mod/user/database", users)
        self.admin.must("PUT", "/api/mod/user/database/reset/")
        for scope in ("openid", *self.scopes):
            method, path = ("PUT", "/api/scope/openid") if scope == "openid" else ("POST", "/api/scope/")
            self.admin.must(method, path, {"name": scope, "display_name": scope, "description": scope, "password_required": True, "password_max_age": 0, "scheme": {}})
        self.admin.must("POST", "/api/user/", {
            "username": self.user, "password": self.password, "name": self.user, "email": f"{self.user}@example.com", "enabled": True,
            "scope": ["openid", "g_profile", *self.scopes], "groups": list(groups)})
        self.admin.must("POST", "/api/mod/plugin/", {
            "module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": True, "parameters": self._parameters()})

    def _start(self):
        database = os.path.join(self.directory, "glewlwyd.sqlite3")
        with gzip.open(SCHEMA, "rt") as file, sqlite3.connect(database) as connection:
            connection.executescript(file.read())
        connection.close()
        config = os.path.join(self.directory, "glewlwyd.conf")
        with open(config, "w") as file:
            file.write(f"""
port={self.port}
bind_address="127.0.0.1"
external_url="{self.origin}"
login_url="login.html"
api_prefix="api"
static_files_path="/usr/share/glewlwyd/webapp/"
log_mode="file"
log_level="WARNING"
log_file="{self.log}"
cookie_secure=0
session_expiration=86400
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{MODULES}/user"
client_module_path="{MODULES}/client"
user_auth_scheme_module_path="{MODULES}/scheme"
plugin_module_path="{MODULES}/plugin"
use_secure_connection=false
secure_connection_key_file=""
secure_connection_pem_file=""
hash_algorithm="SHA512"
database = {{ type = "sqlite3", path = "{database}" }}
""")
        self.process = subprocess.Popen(
            [BINARY, "--config-file=" + config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError("glewlwyd does not start: " + self._said())
                time.sleep(0.02)

    def _said(self):
        try:
            with open(self.log) as file:
                return file.read()[-2000:]
        except OSError:
            return ""

    def _parameters(self):
        return {
            "iss": self.issuer, "jwks-private": json.dumps({"keys": self.keys}), "default-kid": self.keys[0]["kid"], "jwks-show": True,
            "access-token-duration": 3600, "refresh-token-duration": 86400, "code-duration": 60, "refresh-token-rolling": False,
            "refresh-token-one-use": "always", "allow-non-oidc": True,
            "auth-type-code-enabled": True, "auth-type-code-revoke-replayed": True, "auth-type-client-enabled": True, "auth-type-refresh-enabled": True,
            "auth-type-token-enabled": False, "auth-type-implicit-enabled": False, "auth-type-password-enabled": False, "auth-type-device-enabled": False,
            "subject-type": "public", "pkce-allowed": True, "pkce-required": True, "pkce-method-plain-allowed": False,
            "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True, "introspection-revocation-auth-scope": [],
            "register-client-allowed": True, "register-client-auth-scope": [], "register-client-credentials-scope": self.scopes,
            "register-client-management-allowed": False, "register-resource-specify-allowed": False, "register-resource-default": self.resources,
            "resource-allowed": True, "resource-scope": {scope: self.resources for scope in self.scopes}, "resource-client-property": "resource",
            "resource-scope-and-client-property": False,
            "oauth-dpop-allowed": True, "oauth-dpop-iat-duration": 60, "oauth-dpop-nonce-mandatory": False, "oauth-dpop-nonce-counter": 0,
            "request-parameter-allow": True, "request-parameter-allow-encrypted": False, "request-maximum-exp": 3600,
            "client-jwks-parameter": "jwks", "client-jwks_uri-parameter": "jwks_uri", "client-pubkey-parameter": "pubkey",
            "oauth-as-iss-id": True, "scope-claim": "no", "name-claim": "on-demand", "email-claim": "on-demand", "address-claim": {"type": "no"}, "claims": [],
            "scope": [{"name": scope} for scope in self.scopes], "allowed-scope": ["openid", *self.scopes],
            # Claims of the access token that say who it is: `sub` is a number of Glewlwyd's own.
            "additional-parameters": [{"user-parameter": name, "token-parameter": name} for name in ("username", "groups")]}

    def client(self, id, types, methods, redirect_uris=(), jwks=None):
        secret = {} if "none" in methods or jwks else {"client_secret": self.SECRET}
        self.admin.must("POST", "/api/client/", {
            "client_id": id, "name": id, "enabled": True, "confidential": "none" not in methods, "authorization_type": list(types),
            "token_endpoint_auth_method": list(methods), "redirect_uri": list(redirect_uris), "scope": self.scopes, "resource": self.resources,
            **secret, **({"jwks": jwks} if jwks else {})})

    def rotate(self):
        """Signs with a new key from now on, and forgets the one before."""
        self.keys = [rsa_key(f"key-{time.monotonic_ns()}")]
        self.admin.must("PUT", "/api/mod/plugin/oidc", {
            "module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": True, "parameters": self._parameters()})
        self.admin.must("PUT", "/api/mod/plugin/oidc/reset")

    def revoke(self, token, client):
        credentials = base64.b64encode(f"{urllib.parse.quote(client, safe='')}:{urllib.parse.quote(self.SECRET, safe='')}".encode()).decode()
        form = urllib.parse.urlencode({"token": token, "token_type_hint": "access_token"}).encode()
        request = urllib.request.Request(self.issuer + "/revoke", form, {"Authorization": "Basic " + credentials})
        urllib.request.urlopen(request, timeout=10).close()

    def browse(self, url):
        """What a person's browser does: sign in, consent, and come back. Returns the redirect."""
        browser = Session(self.origin)
        browser.must("POST", "/api/auth/", {"username": self.user, "password": self.password})
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        browser.must("PUT", f"/api/auth/grant/{urllib.parse.quote(query['client_id'], safe='')}/", {"scope": query.get("scope", "")})
        # The page of its login sends the browser back with g_continue once the person has agreed.
        status, headers, text = browser.send("GET", url + "&g_continue")
        location = headers.get("Location")
        if not location or not location.startswith(query["redirect_uri"]):
            raise RuntimeError(f"glewlwyd: {url} answered {status}, {location}, {text.decode()[:1000]} {self._said()}")
        return location

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
