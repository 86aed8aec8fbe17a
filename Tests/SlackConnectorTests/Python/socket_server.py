"""A WebSocket server in the part of Slack's Socket Mode.

Each connection plays the script that its address carries: ?script=[{"send": {...}}, {"receive": 1}, ...]. What happens is told to
VENDOR_URL, each thing as a POST to /socket/... with JSON. It ends when its standard input does.
"""

import asyncio
import collections
import json
import os
import ssl
import sys
import urllib.parse
import urllib.request

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

URL = os.environ["VENDOR_URL"]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
count = 0
# What happened at any connection, for scripts that wait for it.
happened = collections.defaultdict(asyncio.Event)


async def tell(what, **members):
    request = urllib.request.Request(
        f"{URL}/socket/{what}", json.dumps(members).encode(), {"Content-Type": "application/json"}, method="POST")
    await asyncio.to_thread(lambda: opener.open(request, timeout=20).read())


async def play(socket, number, script):
    for step in script:
        (verb, value), = step.items()
        if verb == "send":
            await socket.send(json.dumps(value))
        elif verb == "raw":
            await socket.send(value)
        elif verb == "fragments":
            await socket.send(iter(value))
        elif verb == "receive":
            for _ in range(value):
                await tell("received", connection=number, text=await asyncio.wait_for(socket.recv(), 30))
        elif verb == "ping":
            await asyncio.wait_for(await socket.ping(value), 30)
            happened["pong"].set()
            await tell("pong", connection=number)
        elif verb == "after":
            await asyncio.wait_for(happened[value].wait(), 30)
        elif verb == "close":
            await socket.close(value)
        elif verb == "abort":
            socket.transport.abort()
    # Whatever comes until the other side ends it.
    async for text in socket:
        await tell("received", connection=number, text=text)


async def serve_one(socket):
    global count
    count += 1
    number = count
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(socket.request.path).query)
    await tell("opened", connection=number, agent=socket.request.headers.get("User-Agent"))
    try:
        await play(socket, number, json.loads(query["script"][0]))
    except ConnectionClosed:
        pass
    await socket.wait_closed()
    await tell("closed", connection=number, code=socket.close_code)


async def main():
    tls = None
    if len(sys.argv) > 1:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[1], sys.argv[2])
    async with serve(serve_one, "127.0.0.1", 0, ssl=tls, ping_interval=None) as server:
        await tell("listening", port=server.sockets[0].getsockname()[1])
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
