#!/usr/bin/env python3
"""Checks that every relative link and anchor of the project's Markdown leads somewhere."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r'(?<!\!)\[[^\]]*\]\(([^)\s]+)\)')


def anchors(page):
    headings = re.findall(r'^#+\s+(.*)$', page.read_text(), re.M)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


def problems():
    pages = [page for page in ROOT.rglob('*.md') if '.build' not in page.parts]
    for page in pages:
        text = re.sub(r'```.*?```', '', page.read_text(), flags=re.S)
        for target in LINK.findall(text):
            if re.match(r'[a-z]+:', target):
                continue
            path, _, anchor = target.partition('#')
            file = (page.parent / path).resolve() if path else page
            if not file.exists():
                yield f'{page.relative_to(ROOT)}: {target} leads nowhere'
            elif anchor and file.suffix == '.md' and anchor not in anchors(file):
                yield f'{page.relative_to(ROOT)}: {target} has no such heading'


if __name__ == '__main__':
    found = list(problems())
    print('\n'.join(found) or 'links: all lead somewhere')
    sys.exit(1 if found else 0)
