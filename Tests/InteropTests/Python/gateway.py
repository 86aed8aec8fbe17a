"""Starts the sluice binary, and ends it."""

import asyncio
import ctypes
import json
import os
import re
import signal
import sys
import urllib.error
import urllib.request
from contextlib import asynccontextmanager

ROOT = os.environ.get("SLUICE_ROOT") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BINARY = os.environ.get("SLUICE_BINARY") or os.path.join(ROOT, ".build/debug/sluice")
HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = sys.executable
OAUTH_PYTHON = os.environ.get("SLUICE_PYTHON_OAUTH") or os.path.join(ROOT, ".build/venv-oauth/bin/python")
FASTMCP_PYTHON = os.environ.get("SLUICE_PYTHON_FASTMCP") or os.path.join(ROOT, ".build/venv-fastmcp/bin/python")
LEGACY_PYTHON = os.environ.get("SLUICE_PYTHON_LEGACY") or os.path.join(ROOT, ".build/venv-legacy/bin/python")


def die_with_parent():
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def beside(python, program):
    """A program of a Python environment."""
    return os.path.join(os.path.dirname(python), program)


def tee(record, *command):
    """The command line that runs `command` and records what it says."""
    return [PYTHON, os.path.join(HERE, "stdio_tee.py"), record, *command]


@asynccontextmanager
async def process(*command, log, env=None, stdin=asyncio.subprocess.DEVNULL):
    """A process that ends with the block: asked to, and killed after 30 seconds, which is an error."""
    with open(log, "ab") as errors:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=stdin, stdout=asyncio.subprocess.PIPE, stderr=errors, env={**os.environ, **(env or {})}, preexec_fn=die_with_parent)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), 30)
            except TimeoutError:
                child.kill()
                await child.wait()
                raise RuntimeError(f"{command[0]} did not end within 30 seconds of SIGTERM")


class Gateway:
    def __init__(self, endpoint, tokens, pid, log):
        self.endpoint = endpoint
        self.tokens = tokens
        self.pid = pid
        self.log = log

    def log_text(self):
        with open(self.log) as file:
            return file.read()


async def _line(child, log):
    line = await asyncio.wait_for(child.stdout.readline(), 60)
    if not line:
        with open(log) as file:
            raise RuntimeError(f"sluice ended: {file.read()[-2000:]}")
    return line


@asynccontextmanager
async def demo(directory):
    log = os.path.join(directory, "demo.log")
    async with process(BINARY, "demo", "--listen", "127.0.0.1:0", "--state", os.path.join(directory, "demo"), "--json", log=log) as child:
        ready = json.loads(await _line(child, log))
        yield Gateway(ready["endpoint"], ready["tokens"], child.pid, log)


async def output(*command, env=None):
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **(env or {})})
    out, errors = await asyncio.wait_for(child.communicate(), 60)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}: {errors.decode()}")
    return out.decode()


@asynccontextmanager
async def serve(config, users, env=None, listen="127.0.0.1:0"):
    """`sluice serve` with a token for each of `users`."""
    tokens = {}
    for user in users:
        tokens[user] = json.loads(await output(BINARY, "token", "create", "--config", config, "--user", user, "--json"))["token"]
    log = config + ".log"
    async with process(BINARY, "serve", "--config", config, "--listen", listen, "--log-level", "info", log=log, env=env) as child:
        for _ in range(1200):
            await asyncio.sleep(0.05)
            with open(log) as file:
                text = file.read()
            if found := re.search(r"endpoint=(\S+)\s", text):
                break
            if child.returncode is not None:
                raise RuntimeError(f"sluice serve ended: {text[-2000:]}")
        else:
            raise RuntimeError(f"sluice serve does not say that it serves: {text[-2000:]}")
        yield Gateway(found[1], tokens, child.pid, log)


def children(pid):
    """The processes that `pid` started, and theirs (Linux)."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                for child in map(int, file.read().split()):
                    found += [child, *children(child)]
    except FileNotFoundError:
        pass
    return found


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def status(url):
    """The HTTP status of a GET."""

    def get():
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    return await asyncio.to_thread(get)
