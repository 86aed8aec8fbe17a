"""Writes down every message that crosses a wire, as it was on the wire. Runs under either generation of the `mcp` package."""

import json


class Recording:
    """Messages in order. With a file, other processes can read it while it grows."""

    def __init__(self, file=None):
        self.entries = []
        self._file = file

    def add(self, sender, text):
        """sender: "client" or "server". text: one JSON text, or several lines of them."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", errors="backslashreplace")
        if not text.strip():
            return
        entry = {"from": sender, "text": text}
        self.entries.append(entry)
        if self._file:
            with open(self._file, "a") as file:
                file.write(json.dumps(entry) + "\n")


def read(file):
    try:
        with open(file) as lines:
            return [json.loads(line) for line in lines]
    except FileNotFoundError:
        return []


class BodyReader:
    """Takes the messages out of an HTTP body, be it one JSON text or an event stream."""

    def __init__(self, content_type, found):
        self._is_stream = content_type.startswith("text/event-stream")
        self._is_json = content_type.startswith("application/json")
        self._found = found
        self._rest = b""
        self._data = []

    def feed(self, chunk):
        self._rest += chunk
        if not self._is_stream:
            return
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            line = line.rstrip(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                self._found(b"\n".join(self._data))
                self._data = []

    def end(self):
        if self._is_json:
            self._found(self._rest)
        self._rest = b""


class RecordingApplication:
    """ASGI middleware that records what an HTTP server gets and answers."""

    def __init__(self, application, recording):
        self._application = application
        self._recording = recording

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self._application(scope, receive, send)
        body = b""
        reader = None

        async def recorded_receive():
            nonlocal body
            event = await receive()
            if event["type"] == "http.request":
                body += event.get("body", b"")
                if not event.get("more_body") and body:
                    self._recording.add("client", body)
                    body = b""
            return event

        async def recorded_send(event):
            nonlocal reader
            if event["type"] == "http.response.start":
                headers = {name.lower(): value for name, value in event["headers"]}
                reader = BodyReader(headers.get(b"content-type", b"").decode(), lambda text: self._recording.add("server", text))
            elif event["type"] == "http.response.body":
                reader.feed(event.get("body", b""))
                if not event.get("more_body"):
                    reader.end()
            await send(event)

        await self._application(scope, recorded_receive, recorded_send)
