"""What programs of Python clients share: the acts, and telling the vendor's double which comes."""

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
            function(*arguments)
        except Exception:
            print(f"act {name}:", file=sys.stderr)
            traceback.print_exc()
