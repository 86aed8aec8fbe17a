"""Sentences about behaviour, told line by line to the Swift test that started the program.

Each line of standard output is a JSON object: {"check": sentence, "ok": bool, "detail": text}, and {"done": count} at the end.
"""

import asyncio
import json
import signal
import sys
import time
import traceback
from contextlib import contextmanager


class Checks:
    def __init__(self):
        self.count = 0

    def that(self, condition, sentence, detail=""):
        self.count += 1
        ok = bool(condition)
        print(json.dumps({"check": sentence, "ok": ok, "detail": "" if ok else str(detail)[:4000]}), flush=True)
        return ok

    def equal(self, actual, expected, sentence):
        return self.that(actual == expected, sentence, f"expected {expected!r}, got {actual!r}")

    @contextmanager
    def part(self, sentence):
        """A part that must run to its end; what goes wrong in it does not keep the next part from running."""
        try:
            yield
        except Exception:
            self.that(False, sentence, traceback.format_exc())


def run(main, seconds):
    """Runs `main(checks)` for at most `seconds`. SIGTERM ends it in good order, so that what it started is ended, too."""

    # The runner of Swift tests blocks signals, and what it starts inherits that: SIGTERM must arrive here and below.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())

    async def bounded():
        task = asyncio.current_task()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        checks = Checks()
        try:
            async with asyncio.timeout(seconds):
                await main(checks)
        except TimeoutError:
            checks.that(False, f"the program ends within {seconds} seconds", traceback.format_exc())
        except Exception:
            checks.that(False, "the program runs to its end", traceback.format_exc())
        print(json.dumps({"done": checks.count}), flush=True)

    asyncio.run(bounded())


async def eventually(condition, seconds=60.0):
    """Asks until `condition()` gives something true, and returns that; after `seconds`, what it gave last."""
    end = time.monotonic() + seconds
    while True:
        value = await condition()
        if value or time.monotonic() > end:
            return value
        await asyncio.sleep(0.05)


def fail(reason):
    sys.exit(f"{sys.argv[0]}: {reason}")
