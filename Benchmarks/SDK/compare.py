#!/usr/bin/env python3
"""Measures our SDK and the Python SDK at the same work, side by side in one run: part of `make bench`. See Benchmarks/README.md."""
import argparse
import json
import platform
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / 'kit'))

import report
from processes import NotMeasured, Running, stop_all, stop_all_on_exit, tree_memory_mb

OURS, THEIRS = 'sluice-sdk', 'python-sdk'


@dataclass(frozen=True)
class Window:
    """One kind of work over one transport."""
    work: str
    transport: str
    connections: int = 1

    @property
    def name(self):
        return f'sdk-{self.work}-{self.transport}' + (f'-c{self.connections}' if self.transport == 'http' else '')


WINDOWS = [
    Window('echo', 'memory'), Window('echo', 'http', 1), Window('echo', 'http', 16), Window('list', 'http', 4), Window('result', 'http', 4),
    Window('parse', 'memory'),
]


class Subject:
    """One SDK: how its server and its load are started."""

    def __init__(self, name, serve, load, cwd):
        self.name, self.serve, self.load, self.cwd = name, serve, load, cwd

    def start(self, work):
        port = free_port()
        running = Running(f'{self.name}-server', [str(part) for part in [*self.serve, port]], work / f'{self.name}.log')
        end = time.monotonic() + 20
        while not accepts(port):
            if running.has_ended() or time.monotonic() > end:
                raise NotMeasured(f'the server of {self.name} did not start: {running.last_words()}')
            time.sleep(0.05)
        return running, f'http://127.0.0.1:{port}/mcp'

    def measure(self, window, options, server=None, url=None):
        command = [*self.load, window.work, '--connections', window.connections, '--seconds', options.seconds, '--warmup', options.warmup]
        if window.transport == 'http':
            command += ['--url', url, '--server', server.pid]
        limit = options.warmup + options.seconds + 60
        try:
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=limit, cwd=self.cwd)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f'{window.name}: {self.name} did not end') from None
        if done.returncode != 0:
            raise NotMeasured(f'{window.name}: {self.name}: {done.stderr[-600:]}')
        return json.loads(done.stdout)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(('127.0.0.1', port), 1).close()
        return True
    except OSError:
        return False


def subjects(options):
    """Ours and, where its packages are, Python's."""
    if not options.sdk_bench.exists():
        sys.exit(f'sdk: {options.sdk_bench} does not exist: scripts/build.sh -c release --scratch-path .build/measure --product sdk-bench')
    found = [Subject(OURS, [options.sdk_bench, 'serve', '--port'], [options.sdk_bench, 'load'], ROOT)]
    if options.python.exists():
        scripts = HERE / 'python'
        found.append(Subject(THEIRS, [options.python, scripts / 'serve.py'], [options.python, scripts / 'load.py'], scripts))
    else:
        print(f'not measured: {THEIRS}: {options.python} does not exist: run Benchmarks/kit/setup.sh', flush=True)
    return found


def run(options):
    chosen = [window for window in WINDOWS if any(part in window.name for part in options.windows.split(','))]
    found, results, memory = subjects(options), {}, {}
    work = ROOT / '.build/bench/sdk'
    work.mkdir(parents=True, exist_ok=True)
    for number in range(1, options.rounds + 1):
        servers = {subject.name: subject.start(work) for subject in found}
        for window in chosen:
            for subject in found:
                server, url = servers[subject.name]
                figures = subject.measure(window, options, server, url)
                results.setdefault((window, subject.name), []).append(figures)
                if window.transport == 'http':
                    memory[window, subject.name] = tree_memory_mb(server.pid)[0]
                print(f'round {number}  {window.name:20} {subject.name:11} {figures["requests"] / figures["seconds"]:10.0f} req/s '
                      f'{figures["client_cpu_us"] + figures["server_cpu_us"]:10.1f} us cpu', file=sys.stderr, flush=True)
        for running, _ in servers.values():
            running.stop()
    rows = [row_of(window, name, rounds, memory.get((window, name))) for (window, name), rounds in results.items()]
    compare(rows)
    report.keep(rows, options.json)
    print(f'\n{platform.platform()}\n{table(rows)}\n\nrows: {options.json}')


def cpu(figures):
    return figures['client_cpu_us'] + figures['server_cpu_us']


def row_of(window, name, rounds, rss):
    """The round with the least CPU a request, whole: what disturbs a round only ever adds."""
    best = min(rounds, key=cpu)
    return {
        'subject': name, 'window': window.name, 'requests_per_s': round(best['requests'] / best['seconds'], 1), 'p50_us': best['p50_us'],
        'p99_us': best['p99_us'], 'cpu_us_per_request': round(cpu(best), 2), 'client_cpu_us_per_request': round(best['client_cpu_us'], 2),
        'server_cpu_us_per_request': round(best['server_cpu_us'], 2), 'rss_mb': rss, 'connections': window.connections,
        'cpu_us_spread': round(max(map(cpu, rounds)) - cpu(best), 2), 'rounds': rounds,
    }


def compare(rows):
    """What ours does more of in the same time, and with the same CPU."""
    theirs = {row['window']: row for row in rows if row['subject'] == THEIRS}
    for row in rows:
        other = theirs.get(row['window'])
        row['ratio_to_python_requests'] = round(row['requests_per_s'] / other['requests_per_s'], 2) if other else None
        row['ratio_to_python_at_equal_cpu'] = round(other['cpu_us_per_request'] / row['cpu_us_per_request'], 2) if other else None


COLUMNS = [
    ('window', 'window'), ('subject', 'subject'), ('req/s', 'requests_per_s'), ('p50 us', 'p50_us'), ('p99 us', 'p99_us'),
    ('client us', 'client_cpu_us_per_request'), ('server us', 'server_cpu_us_per_request'), ('cpu us/req', 'cpu_us_per_request'),
    ('x req/s', 'ratio_to_python_requests'), ('x at equal cpu', 'ratio_to_python_at_equal_cpu'), ('rss MB', 'rss_mb'),
]


def table(rows):
    rows = sorted(rows, key=lambda row: [window.name for window in WINDOWS].index(row['window']))
    return '\n'.join(report.aligned(COLUMNS, rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--windows', default='sdk', help='windows whose name contains one of these, by commas')
    parser.add_argument('--rounds', type=int, default=2)
    parser.add_argument('--seconds', type=float, default=3)
    parser.add_argument('--warmup', type=float, default=1)
    parser.add_argument('--sdk-bench', type=Path, default=ROOT / '.build/measure/release/sdk-bench')
    parser.add_argument('--python', type=Path, default=ROOT / '.build/bench/venv-sdk/bin/python')
    parser.add_argument('--json', type=Path, default=ROOT / '.build/bench.json')
    options = parser.parse_args()
    stop_all_on_exit()
    try:
        run(options)
    except NotMeasured as reason:
        sys.exit(f'sdk: {reason}')
    finally:
        stop_all()


if __name__ == '__main__':
    main()
