"""Records what an httpx2 client sends and gets."""

import httpx2

from recording import BodyReader


class RecordingTransport(httpx2.AsyncBaseTransport):
    def __init__(self, recording):
        self._inner = httpx2.AsyncHTTPTransport()
        self._recording = recording
        # (method, status, request headers, response headers) of each exchange.
        self.exchanges = []

    async def handle_async_request(self, request):
        body = await request.aread()
        if body:
            self._recording.add("client", body)
        response = await self._inner.handle_async_request(request)
        self.exchanges.append((request.method, response.status_code, dict(request.headers), dict(response.headers)))
        reader = BodyReader(response.headers.get("content-type", ""), lambda text: self._recording.add("server", text))
        response.stream = _RecordedStream(response.stream, reader)
        return response

    async def aclose(self):
        await self._inner.aclose()


class _RecordedStream(httpx2.AsyncByteStream):
    def __init__(self, inner, reader):
        self._inner = inner
        self._reader = reader

    async def __aiter__(self):
        async for chunk in self._inner:
            self._reader.feed(chunk)
            yield chunk
        self._reader.end()

    async def aclose(self):
        await self._inner.aclose()
