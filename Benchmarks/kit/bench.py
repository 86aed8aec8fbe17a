#!/usr/bin/env python3
"""Measures MCP endpoints side by side in one run, on one upstream: `make bench`. See Benchmarks/README.md."""
import argparse
import fcntl
import fnmatch
import itertools
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import report
import subjects
from endpoint import time_start
from processes import NotMeasured, Running, require_free, stop_all, stop_all_on_exit, tree_memory_mb, wait_until

KIT = Path(__file__).resolve().parent
ROOT = KIT.parent.parent
OUT = ROOT / '.build/bench'
SOURCES = {'upstream': ['upstream.c', 'mcp_server.c', 'http.c', 'json.c'],
           'loadgen': ['loadgen.c', 'mcp_request.c', 'answer.c', 'process_tree.c', 'http.c', 'json.c']}
READY_SECONDS = 20


@dataclass(frozen=True)
class Window:
    """One measured situation: what is asked, in which era, over how many connections."""
    kind: str
    method: str
    size: int
    connections: int
    era: str

    @property
    def name(self):
        return f'{self.kind}-c{self.connections}-{self.era}'


KINDS = [('call-1k', 'tools/call', 1024), ('call-100k', 'tools/call', 102400), ('list-500', 'tools/list', 0)]


def windows(options):
    connections = [16] if options.quick else [1, 16, 64]
    eras = ['modern'] if options.quick else ['modern', 'legacy']
    every = [Window(*kind, count, era) for kind, era, count in itertools.product(KINDS, eras, connections)]
    if options.quick:
        every.append(Window(*KINDS[-1], 16, 'legacy'))  # the only era of the list's peer
    patterns = options.windows.split(',')
    return [window for window in every if any(fnmatch.fnmatch(window.name, f'*{part}*') for part in patterns)]


def build_tools():
    """Compiles upstream and loadgen when a source is newer than they are."""
    compiler = shutil.which('cc') or shutil.which('gcc') or shutil.which('clang')
    newest = max(path.stat().st_mtime for path in KIT.glob('*.[ch]'))
    for tool, names in SOURCES.items():
        binary = OUT / tool
        if binary.exists() and binary.stat().st_mtime > newest:
            continue
        if not compiler:
            sys.exit('bench: no C compiler: run Benchmarks/kit/setup.sh')
        sources = [str(KIT / name) for name in names]
        subprocess.run([compiler, '-std=gnu11', '-O2', '-Wall', '-Wextra', '-o', str(binary), *sources], check=True)


def start_upstream(site):
    for port in site.upstream_ports:
        require_free(port)
    command = [OUT / 'upstream', '--port', site.upstream_port, '--listeners', subjects.UPSTREAMS,
               '--tools', subjects.TOOLS_EACH]
    upstream = Running('upstream', [str(part) for part in command], site.work / 'upstream.log')
    endpoint = subjects.Endpoint(site.upstream_ports[-1])
    wait_until(lambda: endpoint.count_tools('modern') == subjects.TOOLS_EACH, READY_SECONDS, upstream)
    return upstream


def start_subject(subject, site):
    """Starts it and waits until it lists all its tools: what it does while warming up is not its cost a request."""
    running = Running(subject.name, subject.command, site.work / f'{subject.name}.log')
    try:
        wait_until(lambda: subject.endpoint.count_tools(subject.eras[0]) == subject.lists, READY_SECONDS, running)
    except NotMeasured:
        running.stop()
        raise
    return running


def measure(subject, running, window, upstream, options):
    """One window of one subject: the figures that loadgen reports."""
    command = [OUT / 'loadgen', '--port', subject.endpoint.port, '--path', subject.endpoint.path,
               '--connections', window.connections, '--era', window.era, '--method', window.method,
               '--warmup', options.warmup, '--seconds', options.seconds,
               '--pid', running.pid, '--ours', upstream.pid]
    if window.method == 'tools/call':
        command += ['--tool', subject.tool, '--arguments', json.dumps({'size': window.size})]
        command += ['--min-bytes', window.size]
    else:
        command += ['--expect-tools', subject.lists]
    for header in subject.endpoint.headers:
        command += ['--header', header]
    limit = options.warmup + options.seconds + 40
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=limit)
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return failed_window('loadgen did not end')
    except ValueError:
        return failed_window(f'loadgen: {done.stderr.strip()} (status {done.returncode})')


def failed_window(reason):
    figures = dict.fromkeys(['requests_per_s', 'p50_us', 'p99_us', 'cpu_us_per_request', 'rss_mb', 'rss_anon_mb',
                             'requests', 'foreign_cores', 'seconds', 'reconnects'], 0)
    return {**figures, 'bad': 1, 'first_bad': reason}


def measure_start(subject, site, options):
    """Idle memory, and the time from exec to the first answered request over several starts."""
    starts = []
    for _ in range(options.starts if 'modern' in subject.eras else 0):
        started = time.perf_counter()
        running = Running(subject.name, subject.command, site.work / f'{subject.name}.log', tied=False)
        starts.append(time_start(subject.endpoint, started, subject.lists))
        running.stop()
    running = start_subject(subject, site)
    time.sleep(options.idle)
    idle = tree_memory_mb(running.pid)
    running.stop()
    return report.start_row(subject.name, idle, starts)


def prepare(names, site):
    """The subjects that can run here; the others are named with what they lack."""
    found = []
    for name in names:
        try:
            found.append(subjects.build(name, site))
        except NotMeasured as reason:
            print(f'not measured: {name}: {reason}', flush=True)
    return found


def measure_starts(found, site, options):
    rows = []
    for subject in list(found):
        try:
            rows.append(measure_start(subject, site, options))
        except NotMeasured as reason:
            print(f'not measured: {subject.name}: {reason}', flush=True)
            found.remove(subject)
    return rows


def measure_rounds(found, chosen, upstream, site, options):
    """All subjects are up and idle; window by window each gets its turn, so that a slow minute of the machine
    hits all of them. A new round starts them anew. Maps (window, subject name) to the rounds' figures."""
    results = {}
    for number in range(1, options.rounds + 1):
        running = start_all(found, site)
        for window, subject in itertools.product(chosen, found):
            if subject.name not in running or not subject.answers(window):
                continue
            figures = measure(subject, running[subject.name], window, upstream, options)
            results.setdefault((window, subject.name), []).append(figures)
            print(progress(number, window, subject, figures), file=sys.stderr, flush=True)
        for process in running.values():
            process.stop()
    return results


def start_all(found, site):
    running = {}
    for subject in found:
        try:
            running[subject.name] = start_subject(subject, site)
        except NotMeasured as reason:
            print(f'not measured in this round: {subject.name}: {reason}', flush=True)
    return running


def progress(number, window, subject, figures):
    note = f'  BAD {figures["bad"]}: {figures["first_bad"][:300]}' if figures['bad'] else ''
    return (f'round {number}  {window.name:22} {subject.name:15} {figures["requests_per_s"]:9.0f} req/s '
            f'{figures["cpu_us_per_request"]:9.1f} us cpu{note}')


def run_seconds(found, chosen, options):
    """An upper bound of the run, generous: past it everything is stopped."""
    measured = options.rounds * sum(subject.answers(window) for window in chosen for subject in found)
    starts = len(found) * (options.starts + 1 + options.rounds)
    return int(60 + measured * (options.warmup + options.seconds + 5) + starts * (READY_SECONDS + 5))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--quick', action='store_true', help='16 connections, modern era, short windows')
    parser.add_argument('--only', default='', help=f'subjects, by commas: {", ".join(subjects.BUILDERS)}')
    parser.add_argument('--windows', default='*', help='parts or globs of window names, by commas: call-1k,c16-legacy')
    parser.add_argument('--rounds', type=int, help='rounds of each window; the least disturbed counts (2)')
    parser.add_argument('--seconds', type=float, help='measured seconds of a window (3; quick 1.5)')
    parser.add_argument('--warmup', type=float, help='seconds of load before them (1; quick 0.5)')
    parser.add_argument('--starts', type=int, help='starts timed for each subject, 0 for none (5; quick 3)')
    parser.add_argument('--idle', type=float, default=2, help='quiet seconds before idle memory is read')
    parser.add_argument('--upstream-port', type=int, default=9001, help='first of ten consecutive ports')
    parser.add_argument('--sluice', type=Path, help='the binary; default .build/release/sluice')
    parser.add_argument('--json', type=Path, default=ROOT / '.build/bench.json', help='where the rows go')
    parser.add_argument('--keep', action='store_true', help='keep configurations and logs in .build/bench/work')
    given = parser.add_argument_group('a subject of your own, fronting the upstreams')
    given.add_argument('--start', help='its command line')
    given.add_argument('--name', default='subject')
    given.add_argument('--port', type=int, default=7300)
    given.add_argument('--path', default='/mcp')
    given.add_argument('--token', help='sent as Authorization: Bearer')
    given.add_argument('--tool', default='u0__payload', help='its name of the first upstream\'s `payload`')
    given.add_argument('--plain', action='store_true', help='it forwards one upstream: no 500-tool list')
    options = parser.parse_args()
    for name, quick, full in (('rounds', 2, 2), ('seconds', 1.5, 3), ('warmup', 0.5, 1), ('starts', 3, 5)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else full)
    return options


def chosen_names(options):
    names = options.only.split(',') if options.only else list(subjects.DEFAULT)
    names += [options.name] if options.start and options.name not in names else []
    unknown = [name for name in names if name not in subjects.BUILDERS and not (options.start and name == options.name)]
    if unknown:
        sys.exit(f'bench: no subject {", ".join(unknown)}; there are {", ".join(subjects.BUILDERS)}')
    return names


def make_site(options):
    work = OUT / 'work'
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    site = subjects.Site(ROOT, work, options.upstream_port, options.sluice)
    if options.start:
        site.start = {'name': options.name, 'command': options.start, 'port': options.port, 'path': options.path,
                      'token': options.token, 'tool': options.tool, 'plain': options.plain}
    return site


def lock():
    """One run at a time: two would measure each other."""
    OUT.mkdir(parents=True, exist_ok=True)
    handle = open(OUT / 'lock', 'w')
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit('bench: another run is under way in this directory')
    return handle


def run(options):
    chosen, site = windows(options), make_site(options)
    names = chosen_names(options)
    build_tools()
    print(f'{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}', flush=True)
    upstream = start_upstream(site)
    found = prepare(names, site)
    signal.alarm(run_seconds(found, chosen, options))
    rows = measure_starts(found, site, options) if options.starts else []
    results = measure_rounds(found, chosen, upstream, site, options)
    upstream.stop()

    if not results and not rows:
        sys.exit('bench: nothing was measured')

    order = sorted(results, key=lambda key: (chosen.index(key[0]), names.index(key[1])))
    rows += report.rows_of({key: results[key] for key in order})
    report.write(rows, options.json)
    print(f'\n{report.table(rows)}\n\n{report.start_table(rows) if options.starts else ""}\n\nrows: {options.json}')
    if not options.keep:
        shutil.rmtree(site.work, ignore_errors=True)
    return any(row.get('bad') for row in rows)


def main():
    options = parse_options()
    if platform.system() != 'Linux':
        sys.exit('bench: the kit reads CPU and memory from /proc and needs Linux; nothing was measured')
    held = lock()
    stop_all_on_exit()
    signal.signal(signal.SIGALRM, lambda *_: sys.exit('bench: the run took too long and was stopped'))
    try:
        return run(options)
    except NotMeasured as reason:
        sys.exit(f'bench: {reason}')
    except KeyboardInterrupt:
        return 130
    finally:
        stop_all()
        held.close()


if __name__ == '__main__':
    sys.exit(main())
