"""Canaille, an OpenID provider of PyPI on authlib: opaque access tokens, RFC 8414 metadata, RFC 9207 `iss`.

It knows no resource indicators: the audience of a token is what an administrator wrote for its client. So the MCP server is a client
there as well, under its URL, and may introspect what names it.
"""

import datetime
import http.cookiejar
import logging
import re
import secrets
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Canaille:
    SECRET = "s3cret of a client, 32 bytes or more"

    def __init__(self, resource, user="ada", password="Ada's long password"):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(32)
        port = listener.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{port}"
        self.resource, self.user, self.password = resource, user, password
        self.app = create_app({
            "SECRET_KEY": secrets.token_hex(32), "SERVER_NAME": f"127.0.0.1:{port}", "PREFERRED_URL_SCHEME": "http", "SESSION_COOKIE_SECURE": False,
            "CANAILLE": {"DATABASE": "memory", "LOGGING": {"version": 1, "disable_existing_loggers": False}, "SMTP": None},
            "CANAILLE_OIDC": {"DYNAMIC_CLIENT_REGISTRATION_OPEN": True, "REQUIRE_NONCE": False},
        })
        self._write(lambda: (
            self._save(models.User(
                user_name=user, formatted_name="Ada", family_name="Lovelace", emails=[f"{user}@example.com"], password=password)),
            self._client(resource, ["client_credentials"], "client_secret_basic", [])))
        self.server = make_server("127.0.0.1", port, self.app, threaded=True, fd=listener.fileno())
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def _write(self, change):
        with self.app.app_context(), Backend.instance.session():
            return change()

    @staticmethod
    def _save(entity):
        Backend.instance.save(entity)
        return entity

    def _client(self, id, grants, method, redirect_uris):
        client = self._save(models.Client(
            client_id=id, client_secret=None if method == "none" else self.SECRET, client_name=id, client_id_issued_at=datetime.datetime.now(datetime.UTC),
            redirect_uris=redirect_uris, grant_types=grants, response_types=["code"], scope=["profile", "email"],
            token_endpoint_auth_method=method))
        client.audience = [client]
        return self._save(client)

    def client(self, id, grants, method, redirect_uris=()):
        """A client that may use the MCP server."""
        self._write(lambda: self._client(id, list(grants), method, list(redirect_uris)))
        self.admit(id)

    def admit(self, id):
        """The administrator lets a client use the MCP server; a client that registered itself may at first speak to nobody but itself."""
        def change():
            client = Backend.instance.get(models.Client, client_id=id)
            client.audience = [Backend.instance.get(models.Client, client_id=self.resource)]
            self._save(client)

        self._write(change)

    def revoke(self):
        """Revokes all tokens."""
        def change():
            for token in Backend.instance.query(models.Token):
                token.revokation_date = datetime.datetime.now(datetime.UTC)
                self._save(token)

        self._write(change)

    def browse(self, url):
        """What a person's browser does: name, password, consent. Returns the redirect."""
        # Two access tokens of one second are the same text to it: they hold the second and nothing random.
        time.sleep(1 - time.time() % 1)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), NoRedirect())
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        form, page = None, ""
        for _ in range(12):
            request = urllib.request.Request(url, form and urllib.parse.urlencode(form).encode(), {"Referer": self.issuer})
            try:
                with opener.open(request, timeout=10) as response:
                    page, location = response.read().decode(), None
            except urllib.error.HTTPError as error:
                page, location = error.read().decode(), error.headers.get("Location")
                if not location:
                    break
            if location:
                if location.startswith(query["redirect_uri"]):
                    return location
                url, form = urllib.parse.urljoin(url, location), None
                continue
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            form = {"csrf_token": token[1] if token else ""}
            if 'name="password"' in page:
                form["password"] = self.password
            elif 'name="login"' in page:
                form["login"] = self.user
            elif 'name="answer"' in page:
                form["answer"] = "accept"
            else:
                break
        said = re.sub(r"<[^>]+>|\s+", " ", page)[:2000]
        raise RuntimeError(f"canaille: no way on from {url}: {said}")

    def close(self):
        self.server.shutdown()
        self.thread.join(5)
