"""Processes that end with the run, whatever ends it, and what they use while they live."""
import atexit
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

STOP_SECONDS = 5
PR_SET_PDEATHSIG = 1

_running = []
_libc = ctypes.CDLL(None, use_errno=True)


class NotMeasured(Exception):
    """A subject that cannot run here; the message says what is missing."""


class Running:
    """A child in a process group of its own, its output in a log file."""

    def __init__(self, name, command, log, tied=True):
        """`tied`: ends even when this process is killed; costs a full fork, so timed starts go without."""
        self.name, self.log = name, Path(log)
        with open(log, 'w') as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_end_with_parent if tied else None)
        _running.append(self)

    @property
    def pid(self):
        return self.process.pid

    def has_ended(self):
        return self.process.poll() is not None

    def stop(self):
        """Asks the group to end, waits, then ends what is left of it. Safe to call twice."""
        if self in _running:
            _running.remove(self)
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self.process.wait()

    def last_words(self):
        lines = self.log.read_text(errors='replace').strip().splitlines()
        return ' | '.join(lines[-3:])[:600] or 'no output'

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


def _end_with_parent():
    # A killed bench.py cannot clean up; the kernel then asks its children to end.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop_all():
    for running in list(_running):
        running.stop()


def stop_all_on_exit():
    atexit.register(stop_all)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))


def require_free(port):
    """Port owners differ from run to run on a shared machine: say so instead of measuring somebody else."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
        except OSError:
            raise NotMeasured(f'127.0.0.1:{port} is taken by another process') from None


def tree_memory_mb(root):
    """VmRSS and RssAnon of a process and its living descendants, in MB."""
    totals = {'VmRSS': 0, 'RssAnon': 0}
    for pid in _tree(root):
        for line in _read(f'/proc/{pid}/status').splitlines():
            key, _, value = line.partition(':')
            if key in totals:
                totals[key] += int(value.split()[0])
    return round(totals['VmRSS'] / 1024, 1), round(totals['RssAnon'] / 1024, 1)


def _tree(root):
    found = [root]
    for pid in found:
        for children in Path(f'/proc/{pid}/task').glob('*/children'):
            found += [int(child) for child in _read(children).split()]
    return found


def _read(path):
    try:
        return Path(path).read_text()
    except OSError:  # it ended between the listing and the reading
        return ''


def wait_until(condition, seconds, running):
    """Polls until `condition()` is true; NotMeasured when the process ends first or time is up."""
    end = time.monotonic() + seconds
    reason = ''
    while time.monotonic() < end:
        if running.has_ended():
            raise NotMeasured(f'{running.name} ended with status {running.process.returncode}: {running.last_words()}')
        try:
            if condition():
                return
            reason = ' (it answers, but not with all its tools)'
        except (OSError, ValueError, KeyError) as error:
            reason = f' ({error})'
        time.sleep(0.05)
    raise NotMeasured(f'{running.name} was not ready within {seconds} s{reason}: {running.last_words()}')
