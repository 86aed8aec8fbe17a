"""stdio_tee.py RECORD COMMAND...: runs an MCP server on our standard streams and records the lines of both directions."""

import ctypes
import os
import signal
import subprocess
import sys
import threading

from recording import Recording


def die_with_parent():
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def main():
    recording = Recording(sys.argv[1])
    server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())

    def inbound():
        try:
            for line in sys.stdin.buffer:
                recording.add("client", line)
                server.stdin.write(line)
                server.stdin.flush()
            server.stdin.close()
        except OSError:
            pass

    threading.Thread(target=inbound, daemon=True).start()
    for line in server.stdout:
        recording.add("server", line)
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    status = server.wait()
    # The reading thread may hang in read(): do not wait for it.
    os._exit(status if status >= 0 else 128 - status)


main()
