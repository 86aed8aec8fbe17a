"""Does what it is told, a line of JSON at a time, for a test in another process."""

import json
import os
import signal
import sys
import tempfile
import traceback


def serve(make):
    """`make()` gives an object with `ready()`, methods `do_NAME(**arguments)` and `close()`.

    What `ready` gives is printed as a line of JSON. Then each line on standard input, {"do": NAME, ...}, is answered by
    {"result": ...} or {"error": ...}. It ends with its standard input, or after ten minutes.
    """
    # The runner of Swift tests blocks signals, and what it starts inherits that.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    signal.alarm(600)
    answers = os.fdopen(os.dup(1), "w")
    # What packages print must not stand among the answers.
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="sluice-peer-") as directory:
        os.chdir(directory)
        peer = make()
        try:
            print(json.dumps(peer.ready()), file=answers, flush=True)
            for line in sys.stdin:
                message = json.loads(line)
                try:
                    answer = {"result": getattr(peer, "do_" + message.pop("do"))(**message)}
                except Exception:
                    answer = {"error": traceback.format_exc()}
                print(json.dumps(answer), file=answers, flush=True)
        finally:
            os.chdir("/")
            peer.close()
