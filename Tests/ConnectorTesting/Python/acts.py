"""What programs of Python clients share: the acts, and telling the vendor's double which comes."""

import asyncio
import inspect
import os
import sys
import traceback
import urllib.parse
import urllib.request

URL = os.environ["VENDOR_URL"]
_acts = []


def act(name):
    """Marks a function as an act; `name` is that of the Swift test's table."""

    def mark(function):
        _acts.append((name, function))
        return function

    return mark


def run(*arguments):
    """Does every act. What a client makes of the scripted answers does not matter, only what it sends."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for name, function in _acts:
        opener.open(f"{URL}/__act__/{urllib.parse.quote(name, safe='')}", timeout=20).read()
        try:
            result = function(*arguments)
            if inspect.isawaitable(result):
                asyncio.run(_finish(result))
        except Exception:
            print(f"act {name}:", file=sys.stderr)
            traceback.print_exc()


async def _finish(awaitable):
    """Some clients answer later: their acts are done one after the other all the same."""
    return await awaitable
