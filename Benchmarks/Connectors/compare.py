#!/usr/bin/env python3
"""Measures our connectors and vendors' Python clients on the same pages, side by side in one run: part of `make bench`. See Benchmarks/README.md."""
import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / 'kit'))

import report
from processes import NotMeasured

OURS = 'sluice'


class Sources:
    """The program that makes what is listed, and keeps a PostgreSQL for as long as this one lives."""

    def __init__(self, options):
        self.process = subprocess.Popen(
            [options.connector_bench, 'sources', *folders(options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        told = self.process.stdout.readline()
        if not told:
            raise NotMeasured(f'{options.connector_bench} sources made nothing: it ended with {self.process.wait()}')
        self.pages = json.loads(told)

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def folders(options):
    return ['--folder', options.folder, '--shared', options.shared]


def measure(command, options, name):
    command = [str(part) for part in [*command, '--seconds', options.seconds, '--warmup', options.warmup]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.warmup + options.seconds + 90, cwd=ROOT)
    except subprocess.TimeoutExpired:
        raise NotMeasured(f'{name} did not end') from None
    if done.returncode != 0:
        raise NotMeasured(f'{name}: {(done.stderr or done.stdout).strip()[-600:]}')
    return json.loads(done.stdout)


def run(options):
    sources = Sources(options)
    try:
        rows = measured(sources.pages, options)
    finally:
        sources.stop()
    compare(rows)
    report.keep(rows, options.json)
    print(f'\n{platform.platform()}\n{table(rows)}\n\nrows: {options.json}')


def measured(pages, options):
    """Connector by connector, each side has its turn: a slow minute of the machine hits both."""
    chosen = [page for page in pages if any(part in page['subject'] for part in options.connectors.split(','))]
    results, missing = {}, set()
    for number in range(1, options.rounds + 1):
        for page in chosen:
            name = page['subject']
            if 'skipped' in page:
                missing.add(f'{name}: {page["skipped"]}')
                continue
            ours = [options.connector_bench, 'measure', name, *folders(options)]
            if name == 'postgres':
                ours += ['--postgres', page['place']]
            theirs = [options.python, HERE / 'python/parse.py', name, page['place'], page['rows']]
            for side, command in (('ours', ours), ('theirs', theirs)):
                if side == 'theirs' and not options.python.exists():
                    missing.add(f'clients of PyPI: {options.python} does not exist: run scripts/python.sh')
                    continue
                try:
                    figures = measure(command, options, f'{name}, {side}')
                except NotMeasured as reason:
                    missing.add(str(reason))
                    continue
                results.setdefault((name, side), (page, []))[1].append(figures)
                print(f'round {number}  {name:13} {figures.get("client", OURS):34} {figures["cpu_us_per_row"]:9.2f} us cpu/row', file=sys.stderr, flush=True)
    for reason in sorted(missing):
        print(f'not measured: {reason}', flush=True)
    return [row_of(page, rounds) for page, rounds in results.values()]


def row_of(page, rounds):
    """The round with the least CPU a row, whole: what disturbs a round only ever adds."""
    best = min(rounds, key=lambda figures: figures['cpu_us_per_row'])
    costs = [figures['cpu_us_per_row'] for figures in rounds]
    return {
        'subject': best.get('client', OURS), 'window': f'connector-{page["subject"]}', 'page': page['page'], 'page_rows': page['rows'],
        'rows_per_cpu_s': round(1e6 / best['cpu_us_per_row']), 'cpu_us_per_row': round(best['cpu_us_per_row'], 3),
        'allocations_per_row': best.get('allocations_per_row'), 'input_bytes_per_row': best.get('input_bytes_per_row') or None,
        'cpu_us_spread': round(max(costs) - min(costs), 3), 'rounds': rounds,
    }


def compare(rows):
    """How many times the rows of the Python client with the same CPU."""
    theirs = {row['window']: row for row in rows if row['subject'] != OURS}
    for row in rows:
        other = theirs.get(row['window'])
        row['ratio_to_python_at_equal_cpu'] = round(other['cpu_us_per_row'] / row['cpu_us_per_row'], 2) if other else None


COLUMNS = [
    ('window', 'window'), ('subject', 'subject'), ('rows/cpu s', 'rows_per_cpu_s'), ('cpu us/row', 'cpu_us_per_row'), ('allocations/row', 'allocations_per_row'),
    ('x at equal cpu', 'ratio_to_python_at_equal_cpu'), ('bytes/row', 'input_bytes_per_row'), ('rows', 'page_rows'), ('page', 'page'),
]


def table(rows):
    return '\n'.join(report.aligned(COLUMNS, rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--connectors', default='', help='connectors whose name contains one of these, by commas')
    parser.add_argument('--rounds', type=int, default=2)
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--warmup', type=float, default=0.5)
    parser.add_argument('--connector-bench', type=Path, default=ROOT / '.build/measure/release/connector-bench')
    parser.add_argument('--python', type=Path, default=ROOT / '.build/venv-connectors/bin/python')
    parser.add_argument('--folder', type=Path, default=ROOT / '.build/bench/connectors')
    parser.add_argument('--shared', type=Path, default=ROOT.parent / 'shared/data/connectors')
    parser.add_argument('--json', type=Path, default=ROOT / '.build/bench.json')
    options = parser.parse_args()
    if not options.connector_bench.exists():
        sys.exit(f'connectors: {options.connector_bench} does not exist: make bench builds it')
    try:
        run(options)
    except NotMeasured as reason:
        sys.exit(f'connectors: {reason}')


if __name__ == '__main__':
    main()
