"""From rounds to rows, and from rows to a table."""
import json

LIST_PEER = 'envoy-router'  # legacy only: its legacy window stands for both eras
NOISY_CORES = 0.15


def best_round(rounds):
    """The round with the least CPU a request.

    Everything that disturbs a round (other processes, cold caches) makes it slower and never faster, so the least
    disturbed one is the estimate; all figures of a row are of that one round, the others stay in `rounds`.
    """
    clean = [figures for figures in rounds if figures['bad'] == 0 and figures['requests'] > 0]
    return min(clean or rounds, key=lambda figures: figures['cpu_us_per_request'] or float('inf'))


def rows_of(results):
    """`results` maps (window, subject) to its rounds."""
    rows = [_row(window, subject, rounds) for (window, subject), rounds in results.items()]
    cpu = {(row['window'], row['subject']): row['cpu_us_per_request'] for row in rows if not row['bad']}
    for row in rows:
        row['ratio_to_nginx'] = _ratio(row, cpu.get((row['window'], 'nginx')))
        row['ratio_to_envoy_router'] = _ratio(row, cpu.get((row['window'].replace('modern', 'legacy'), LIST_PEER)))
    return rows


def _row(window, subject, rounds):
    best = best_round(rounds)
    costs = [figures['cpu_us_per_request'] for figures in rounds]
    return {'subject': subject, 'window': window.name, **best, 'ratio_to_nginx': None, 'era': window.era,
            'connections': window.connections, 'bad': sum(figures['bad'] for figures in rounds),
            'first_bad': next((figures['first_bad'] for figures in rounds if figures['bad']), ''),
            'cpu_us_spread': round(max(costs) - min(costs), 2), 'rounds': rounds}


def _ratio(row, base):
    usable = base and not row['bad'] and row['cpu_us_per_request']
    return round(row['cpu_us_per_request'] / base, 2) if usable else None


def start_row(subject, idle, starts):
    """What a subject costs before any load. The keys of a window are there, empty where they mean nothing."""
    rss, anon = idle
    first = [round(first, 1) for first, _ in starts if first is not None]
    full = [round(full, 1) for _, full in starts if full is not None]
    return {'subject': subject, 'window': 'start', 'requests_per_s': None, 'p50_us': None, 'p99_us': None,
            'cpu_us_per_request': None, 'ratio_to_nginx': None, 'rss_mb': rss, 'rss_anon_mb': anon,
            'first_answer_ms': min(first, default=None), 'full_list_ms': min(full, default=None),
            'first_answers_ms': first, 'full_lists_ms': full}


COLUMNS = [('window', 'window'), ('subject', 'subject'), ('req/s', 'requests_per_s'), ('p50 us', 'p50_us'),
           ('p99 us', 'p99_us'), ('cpu us/req', 'cpu_us_per_request'), ('x nginx', 'ratio_to_nginx'),
           ('x router', 'ratio_to_envoy_router'), ('rss MB', 'rss_mb'), ('anon MB', 'rss_anon_mb')]
START_COLUMNS = [('subject', 'subject'), ('idle rss MB', 'rss_mb'), ('idle anon MB', 'rss_anon_mb'),
                 ('first answer ms', 'first_answer_ms'), ('all tools ms', 'full_list_ms')]
NAMES = {'window', 'subject'}


def table(rows):
    """The windows, a blank line between them, with a note on what to doubt."""
    rows = [row for row in rows if row['window'] != 'start']
    lines = aligned(COLUMNS, rows)
    text = [lines[0]]
    for previous, row, line in zip([None] + rows, rows, lines[1:]):
        if previous and previous['window'] != row['window']:
            text.append('')
        text.append(f'{line}  {_note(row)}'.rstrip())
    return '\n'.join(text)


def start_table(rows):
    return '\n'.join(aligned(START_COLUMNS, [row for row in rows if row['window'] == 'start']))


def _note(row):
    if row['bad']:
        return f'BAD {row["bad"]}: {row["first_bad"][:120]!r}'
    if row['foreign_cores'] > NOISY_CORES:
        return f'~ others used {row["foreign_cores"]:.1f} cores'
    return ''


def aligned(columns, rows):
    """The lines of a table, titles first; `columns` are pairs of title and key."""
    lines = [[title for title, _ in columns]] + [[_text(row.get(key)) for _, key in columns] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*lines)]
    return ['  '.join(cell.ljust(width) if key in NAMES else cell.rjust(width)
                      for cell, width, (_, key) in zip(line, widths, columns)).rstrip() for line in lines]


def _text(value):
    if value is None:
        return '-'
    if isinstance(value, float):
        return f'{value:,.0f}' if value >= 1000 else f'{value:.1f}' if value >= 10 else f'{value:.2f}'
    return str(value)


def write(rows, path):
    path.write_text(json.dumps(rows, indent=1) + '\n')


def keep(rows, path):
    """Puts the rows among those that are there, in place of those of the same windows."""
    before = json.loads(path.read_text()) if path.exists() else []
    made = {row['window'] for row in rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    write([row for row in before if row['window'] not in made] + rows, path)
