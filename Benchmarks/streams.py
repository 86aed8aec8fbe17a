#!/usr/bin/env python3
"""Opens many subscriptions/listen streams on one server process, and measures what they cost it.

    Benchmarks/streams.py [--server .build/release/everything-server] [--streams 10000] [--limit-mb 300]

The server is a process of its own on the loopback interface, with its limit of descriptors raised. Measured are its memory (VmRSS) with
all streams open, the time until one change has reached each of them, its memory after that, and its CPU time while nothing happens but
signs of life. Ends with 1 if a stream misses the change, or the memory is above the limit. Everything is bounded in time.
"""

import argparse
import json
import os
import resource
import select
import socket
import subprocess
import sys
import threading
import time

VERSION = "2026-07-28"
PREFIX = "io.modelcontextprotocol/"
META = {PREFIX + "protocolVersion": VERSION, PREFIX + "clientCapabilities": {}}
PER_LOOP = 200  # connections that are opened before any is looked at: below the listener's backlog


def raise_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def request(method, params, id, name=None):
    body = json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params | {"_meta": META}}).encode()
    head = [
        "POST /mcp HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Accept: application/json, text/event-stream",
        f"MCP-Protocol-Version: {VERSION}", f"Mcp-Method: {method}", f"Content-Length: {len(body)}",
    ] + ([f"Mcp-Name: {name}"] if name else [])
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Streams:
    """Client ends of streams, read until each has seen a word."""

    def __init__(self, port, deadline):
        self.port, self.deadline = port, deadline
        self.poll = select.epoll()
        self.sockets, self.text = {}, {}

    def open(self, count):
        message = {"toolsListChanged": True}
        while len(self.sockets) < count:
            for _ in range(min(PER_LOOP, count - len(self.sockets))):
                connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
                connection.sendall(request("subscriptions/listen", {"notifications": message}, len(self.sockets)))
                connection.setblocking(False)
                self.sockets[connection.fileno()] = connection
                self.text[connection.fileno()] = b""
                self.poll.register(connection.fileno(), select.EPOLLIN)
            self.wait(b"notifications/subscriptions/acknowledged")

    def wait(self, word):
        """Reads until each stream has had `word`. Returns how many lack it at the deadline."""
        missing = {descriptor for descriptor, text in self.text.items() if word not in text}
        while missing and time.monotonic() < self.deadline:
            for descriptor, _ in self.poll.poll(1):
                try:
                    chunk = self.sockets[descriptor].recv(65536)
                except BlockingIOError:
                    continue
                if not chunk:
                    sys.exit(f"the server closed a stream, {len(missing)} were still waited for")
                self.text[descriptor] += chunk
                if word in self.text[descriptor]:
                    missing.discard(descriptor)
        return len(missing)


class Server:
    def __init__(self, path):
        self.process = subprocess.Popen([path, "--port", "0"], stdout=subprocess.PIPE, text=True, bufsize=1, preexec_fn=raise_limit)
        self.port = int(self.process.stdout.readline().split(":")[2].split("/")[0])

    def megabytes(self, field="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024

    def cpu(self):
        """Seconds of CPU time so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def idle(self, seconds):
        """The share of one core that it takes while nothing is asked of it."""
        before = self.cpu()
        time.sleep(seconds)
        return (self.cpu() - before) / seconds

    def call(self, tool):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request("tools/call", {"name": tool, "arguments": {}}, "call", tool))
            answer = connection.recv(65536)
        if b"200 OK" not in answer:
            sys.exit(f"{tool}: {answer[:300]!r}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--server", default=".build/release/everything-server")
    arguments.add_argument("--streams", type=int, default=10_000)
    arguments.add_argument("--limit-mb", type=float, default=300)
    arguments.add_argument("--idle-seconds", type=float, default=10)
    arguments.add_argument("--seconds", type=float, default=120)
    options = arguments.parse_args()
    raise_limit()
    server = Server(options.server)
    watch = threading.Timer(options.seconds + 30, server.process.kill)
    watch.daemon = True
    watch.start()
    try:
        figures = {"streams": options.streams, "empty_mb": round(server.megabytes(), 1), "empty_idle_cpu": round(server.idle(options.idle_seconds), 4)}
        streams = Streams(server.port, time.monotonic() + options.seconds)
        started = time.monotonic()
        streams.open(options.streams)
        figures["open_seconds"] = round(time.monotonic() - started, 2)
        figures["open_mb"] = round(server.megabytes(), 1)
        figures["open_idle_cpu"] = round(server.idle(options.idle_seconds), 4)
        started = time.monotonic()
        server.call("test_trigger_tool_change")
        missed = streams.wait(b"notifications/tools/list_changed")
        figures["change_seconds"] = round(time.monotonic() - started, 2)
        figures["missed"] = missed
        figures["peak_mb"] = round(server.megabytes("VmHWM"), 1)
        print(json.dumps(figures))
        sys.exit(0 if missed == 0 and figures["peak_mb"] <= options.limit_mb else 1)
    finally:
        server.process.kill()
        server.process.wait(10)


if __name__ == "__main__":
    main()
