#!/usr/bin/env python3
"""Copies the snippets of compiled Swift files into the articles that show them.

A snippet lies between `// snippet: NAME` and `// snippet end` in a file of Examples or Tests. An article shows it in the
Swift block behind the line `<!-- snippet: NAME -->`. Tests/SnippetTests hold both against each other.
"""
import pathlib
import re
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
REGION = re.compile(r'^[ ]*// snippet: (\S+)\n(.*?)^[ ]*// snippet end$', re.S | re.M)
BLOCK = re.compile(r'(^<!-- snippet: (\S+) -->\n+```swift\n)(.*?)(^```$)', re.S | re.M)


def snippets():
    found = {}
    for folder in ('Examples', 'Tests/SnippetTests', 'Tests/MCPHummingbirdTests'):
        for file in sorted((ROOT / folder).rglob('*.swift')):
            for name, text in REGION.findall(file.read_text()):
                found[name] = textwrap.dedent(text)
    return found


def main():
    known = snippets()
    for page in [*sorted((ROOT / 'Sources/MCP/MCP.docc').glob('*.md')), ROOT / 'docs/sdk.md', ROOT / 'docs/testing-servers.md']:
        if not page.exists():
            continue
        text = page.read_text()
        filled = BLOCK.sub(lambda match: match[1] + known.get(match[2], match[3]) + match[4], text)
        if filled != text:
            page.write_text(filled)
            print(f'{page.relative_to(ROOT)}: snippets renewed')


if __name__ == '__main__':
    main()
