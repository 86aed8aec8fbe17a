"""Whether a thousand open subscriptions cost the everything server little memory each, and a change reaches all of them."""

import os
import sys
import threading
import time

import checks as testing

sys.path.insert(0, os.path.join(os.environ["SLUICE_ROOT"], "Benchmarks"))
import streams

BINARY = os.path.join(os.path.dirname(os.environ["SLUICE_BINARY"]), "everything-server")
COUNT = 1000
# A debug build takes about 27,000. `make bench` holds 10,000 streams of a release build to 300 MB in all.
BYTES_PER_STREAM = 60_000
CHANGED = b"notifications/tools/list_changed"


async def main(checks):
    streams.raise_limit()
    server = streams.Server(BINARY)
    watch = threading.Timer(100, server.process.kill)
    watch.daemon = True
    watch.start()
    try:
        opened = streams.Streams(server.port, time.monotonic() + 90)
        # What a server takes once, for its first streams and changes.
        opened.open(100)
        server.call("test_trigger_tool_change")
        checks.equal(opened.wait(CHANGED), 0, "a change reaches the first streams")
        before = server.megabytes()
        opened.open(100 + COUNT)
        with_streams = server.megabytes()
        each = (with_streams - before) * 2**20 / COUNT
        checks.that(each < BYTES_PER_STREAM, f"a stream costs less than {BYTES_PER_STREAM} bytes", f"{each:.0f} bytes: {before:.1f} MB, then {with_streams:.1f} MB")
        for descriptor in opened.text:
            opened.text[descriptor] = b""
        server.call("test_trigger_tool_change")
        checks.equal(opened.wait(CHANGED), 0, f"a change reaches {100 + COUNT} streams")
        after = server.megabytes()
        each = (after - before) * 2**20 / COUNT
        checks.that(each < BYTES_PER_STREAM, f"and costs less than {BYTES_PER_STREAM} bytes with a change told", f"{each:.0f} bytes: {after:.1f} MB")
    finally:
        watch.cancel()
        server.process.kill()
        server.process.wait()


if __name__ == "__main__":
    testing.run(main, 120)
