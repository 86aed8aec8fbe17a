#!/usr/bin/env python3
"""Compares the requirements manifest with the text of the MCP specification.

    scripts/spec_requirements.py PATH            what is missing, stale or changed (exit 1 if anything is)
    scripts/spec_requirements.py PATH --list     every normative sentence found, for writing rows

PATH is a checkout of modelcontextprotocol/modelcontextprotocol, or its docs/specification folder; or one of modelcontextprotocol/ext-tasks,
for the page of the tasks extension alone.
The manifest keeps a hash of each normative sentence and never its words.
"""
import argparse
import collections
import csv
import hashlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MANIFEST = ROOT / 'Tests/SpecCoverageTests/Requirements'
REVISIONS = ['2026-07-28', '2025-11-25']
SECTIONS = ['basic', 'server', 'client']
# The pages of extensions have a repository each. What is not yet published for the revision is in its draft.
TASKS = '2026-07-28/extensions/tasks'

KEYWORD = re.compile(r'\b(MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|REQUIRED|NOT RECOMMENDED|RECOMMENDED)\b')
ITEM = re.compile(r'^(\s*)(?:[-*+]|\d+[.)])\s+(.*)$')
# A full stop after one of these does not end a sentence.
ABBREVIATION = re.compile(r'\b(?:e\.g|i\.e|etc|vs|cf|resp)\.$')
# A sentence about a keyword, not with one.
MENTION = re.compile(r'from SHOULD to MUST|SHOULD-constrained')

Block = collections.namedtuple('Block', 'kind indent text')
Requirement = collections.namedtuple('Requirement', 'page number hash keyword sentence')


def plain(text):
    """Markdown without its marks: what a reader sees."""
    text = re.sub(r'!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)]*\)', r'\1', text)
    text = re.sub(r'\[([^\]]+)\]\[[^\]]*\]', r'\1', text)
    text = re.sub(r'</?[A-Za-z][^>\n]*>', ' ', text)
    text = re.sub(r'[*`]|(?<!\w)_|_(?!\w)', '', text)
    return re.sub(r'\s+', ' ', text).strip()


def blocks(source):
    """The page as paragraphs, list items and table rows, each on one line; code, comments and headings left out."""
    source = re.sub(r'\A---\n.*?\n---\n', '', source, flags=re.S)
    source = re.sub(r'<!--.*?-->|\{/\*.*?\*/\}', '', source, flags=re.S)
    source = re.sub(r'^[ \t>]*(```+|~~~+).*?^[ \t>]*\1[ \t]*$', '', source, flags=re.S | re.M)
    found, open_block = [], None
    for line in source.split('\n'):
        line = re.sub(r'^(\s*)>\s?', r'\1', line)
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        item = ITEM.match(line)
        if item:
            open_block = ['item', indent, item.group(2)]
            found.append(open_block)
        elif stripped.startswith('|'):
            found.append(['row', indent, stripped.strip('|')])
            open_block = None
        elif not stripped or stripped.startswith('#') or re.match(r'^</?[A-Za-z][^>]*>$', stripped) or re.match(r'^\[[^\]]+\]:', stripped):
            open_block = None
            if stripped.startswith('#'):
                found.append(['heading', 0, stripped])
        elif open_block:
            open_block[2] += ' ' + stripped
        else:
            open_block = ['paragraph', indent, stripped]
            found.append(open_block)
    return [Block(kind, indent, plain(text)) for kind, indent, text in found]


def sentences(text):
    """The sentences of one block."""
    start, result = 0, []
    for end in re.finditer(r'[.!?][)"”]?\s+(?=["“(]?[A-Z`\d])', text):
        head = text[start:end.end()].strip()
        if ABBREVIATION.search(head):
            continue
        result.append(head)
        start = end.end()
    return result + [text[start:].strip()]


def normative(page_blocks):
    """Pairs of keyword and sentence. A sentence that introduces a list passes its keyword to the items that have none."""
    found = []
    introductions = []  # the open lists, outermost first: [indent of the introduction, its kind, its keyword, its place in found]
    for block in page_blocks:
        if block.kind == 'item':
            introductions = [each for each in introductions if each[0] < block.indent or (each[1] == 'paragraph' and each[0] <= block.indent)]
        elif block.kind != 'row':
            introductions = []
        texts = sentences(block.text)
        own = [sentence for sentence in texts if KEYWORD.search(sentence) and not MENTION.search(sentence)]
        if any('key words' in sentence for sentence in own):
            continue
        if own:
            found += [(keyword, sentence) for sentence in own for keyword in KEYWORD.findall(sentence)]
        elif block.kind == 'item' and introductions and introductions[-1][2] and not re.search(r'\bMAY\b', block.text):
            _, _, keyword, place = introductions[-1]
            found.append((keyword, block.text))
            found[place] = None
        if block.kind != 'row':
            # The items below an item belong to it: only a keyword of its own reaches them.
            introduces = own and own[-1] == texts[-1] and texts[-1].endswith(':')
            introductions.append([block.indent, block.kind, KEYWORD.findall(own[-1])[-1] if introduces else None, len(found) - 1])
    return [requirement for requirement in found if requirement]


def pages(path):
    """The normative pages of a checkout: their names here, and their files."""
    for revision in ['2026-07-28', 'draft']:
        if (file := path / 'specification' / revision / 'tasks.md').is_file():
            yield TASKS, file
            return
    folder = path / 'docs/specification'
    specification = folder if folder.is_dir() else path
    for revision in REVISIONS:
        for section in SECTIONS:
            for file in sorted((specification / revision / section).rglob('*.mdx')):
                yield str(file.relative_to(specification).with_suffix('')), file


def requirements(path):
    """Every requirement of the normative pages, numbered by page."""
    for page, file in pages(path):
        for number, (keyword, sentence) in enumerate(normative(blocks(file.read_text())), 1):
            digest = hashlib.sha256(sentence.encode()).hexdigest()[:8]
            yield Requirement(page, number, digest, keyword, sentence)


def manifest():
    """The rows of the manifest: (page, number) to (hash, keyword)."""
    rows = {}
    for file in sorted(file for revision in REVISIONS for file in (MANIFEST / revision).rglob('*.tsv')):
        page = str(file.relative_to(MANIFEST).with_suffix(''))
        with file.open(newline='') as lines:
            for row in csv.DictReader(lines, delimiter='\t', quoting=csv.QUOTE_NONE):
                rows[page, int(row['number'])] = row['hash'], row['keyword']
    return rows


def differences(found, rows):
    """What the manifest lacks, what it has in excess, and what changed, one line each."""
    for requirement in found:
        name = f'{requirement.page}#{requirement.number}'
        row = rows.pop((requirement.page, requirement.number), None)
        if row is None:
            yield f'missing: {name} ({requirement.hash}, {requirement.keyword}): {requirement.sentence}'
        elif row != (requirement.hash, requirement.keyword):
            yield f'changed: {name} is {requirement.hash}, {requirement.keyword}; the manifest says {row[0]}, {row[1]}: {requirement.sentence}'
    for page, number in rows:
        yield f'stale: {page}#{number} is no longer in the specification'


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument('path', type=pathlib.Path)
    arguments.add_argument('--list', action='store_true')
    options = arguments.parse_args()
    found = list(requirements(options.path))
    if not found:
        sys.exit(f'{options.path}: no specification pages of {" or ".join(REVISIONS)} here')
    if options.list:
        for requirement in found:
            print(*requirement, sep='\t')
        return
    is_extension = found[0].page == TASKS
    rows = {place: row for place, row in manifest().items() if (place[0] == TASKS) == is_extension}
    problems = list(differences(found, rows))
    print('\n'.join(problems) or f'requirements: all {len(found)} normative sentences are in the manifest')
    sys.exit(1 if problems else 0)


if __name__ == '__main__':
    main()
