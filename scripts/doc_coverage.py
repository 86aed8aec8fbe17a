#!/usr/bin/env python3
"""Lists the public symbols of the SDK's libraries that have no doc comment.

usage: doc_coverage.py SYMBOL-GRAPHS [--list]

Exempt is what another comment says: cases and constants of a documented type, what meets the documented requirement of a protocol,
conformances to protocols of the standard library, and initializers that only set the members of their type. scripts/doc-coverage.json holds how many symbols of each
library may still be without; the number may fall, not rise.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALLOWED = ROOT / 'scripts/doc-coverage.json'
# What conformances bring, by the protocol that says what it means.
CONFORMANCES = {
    'description', 'debugDescription', 'customMirror', 'hash(into:)', '==(_:_:)', '<(_:_:)', 'encode(to:)', 'init(from:)', 'rawValue',
    'init(rawValue:)', 'makeAsyncIterator()', 'makeIterator()', 'next()', 'next(isolation:)', 'RawValue', 'Element', 'AsyncIterator',
    'allCases', 'AllCases', 'errorDescription', 'body', 'run()', 'stringValue', 'intValue',
    'init(stringLiteral:)', 'init(integerLiteral:)', 'init(floatLiteral:)', 'init(booleanLiteral:)', 'init(nilLiteral:)',
    'init(arrayLiteral:)', 'init(dictionaryLiteral:)', 'init(stringInterpolation:)',
    'buildExpression(_:)', 'buildBlock(_:)', 'buildOptional(_:)', 'buildEither(first:)', 'buildEither(second:)', 'buildArray(_:)',
}
KINDS = {'class', 'struct', 'enum', 'enum.case', 'protocol', 'actor', 'func', 'method', 'type.method', 'property', 'type.property', 'init',
         'subscript', 'type.subscript', 'var', 'typealias', 'macro', 'associatedtype', 'func.op'}


def undocumented(folder):
    symbols, relations = {}, []
    for file in sorted(folder.glob('*.symbols.json')):
        graph = json.loads(file.read_text())
        for symbol in graph['symbols']:
            symbols.setdefault(symbol['identifier']['precise'], symbol)
        relations += graph['relationships']
    documented = {precise for precise, symbol in symbols.items() if has_comment(symbol)}
    documented_paths = {tuple(symbols[precise]['pathComponents']) for precise in documented}
    # A requirement's documentation is that of what meets it.
    implementations = {r['source'] for r in relations if r['kind'] in ('defaultImplementationOf', 'overrides')}
    requirements = {}
    for r in relations:
        if r['kind'] == 'requirementOf' and r['source'] in documented:
            requirements.setdefault(r['target'], set()).add(symbols[r['source']]['pathComponents'][-1])
    members = {r['source']: r['target'] for r in relations if r['kind'] == 'memberOf'}
    conformances = {}
    for r in relations:
        if r['kind'] in ('conformsTo', 'inheritsFrom'):
            conformances.setdefault(r['source'], set()).add(r['target'])
    for precise, symbol in symbols.items():
        kind = symbol['kind']['identifier'].removeprefix('swift.')
        name = symbol['pathComponents'][-1]
        location = symbol.get('location')
        if kind not in KINDS or location is None or '/Sources/' not in location['uri'] or '/checkouts/' in location['uri']:
            continue
        if precise in documented:
            continue
        if kind in ('enum.case', 'type.property') and tuple(symbol['pathComponents'][:-1]) in documented_paths:
            continue
        owner = members.get(precise)
        if any(name in requirements.get(protocol, ()) for protocol in ancestors(owner, conformances) | {owner}):
            continue
        if precise in implementations or name in CONFORMANCES or '::SYNTHESIZED::' in precise:
            continue
        if kind == 'init' and sets_members(symbol, symbols):
            continue
        path = location['uri'].split('/Sources/', 1)[1]
        yield f'Sources/{path}:{location["position"]["line"] + 1}: {kind} {".".join(symbol["pathComponents"])}'


def has_comment(symbol):
    return any(line['text'].strip() for line in symbol.get('docComment', {}).get('lines', []))


def ancestors(type_, conformances):
    """All protocols that a type conforms to, those of its protocols included."""
    found, rest = set(), [type_]
    while rest:
        for protocol in conformances.get(rest.pop(), ()):
            if protocol not in found:
                found.add(protocol)
                rest.append(protocol)
    return found


def sets_members(symbol, symbols):
    """Whether every label of an initializer is a property of the type: their documentation is its own."""
    name = symbol['pathComponents'][-1]
    labels = [label for label in name[name.find('(') + 1:-1].split(':') if label]
    parents = symbol['pathComponents'][:-1]
    members = {other['pathComponents'][-1] for other in symbols.values() if other['pathComponents'][:-1] == parents}
    parameters = [parameter.get('internalName', parameter['name']) for parameter in symbol.get('functionSignature', {}).get('parameters', [])]
    return all(label in members for label in labels if label != '_') and all(
        name in members for label, name in zip(labels, parameters) if label == '_')


def main():
    graphs = pathlib.Path(sys.argv[1])
    allowed = json.loads(ALLOWED.read_text()) if ALLOWED.exists() else {}
    status = 0
    for folder in sorted(graphs.iterdir()):
        missing = sorted(undocumented(folder))
        bound = allowed.get(folder.name, 0)
        if '--list' in sys.argv:
            print('\n'.join(missing))
        if len(missing) > bound:
            status = 1
            if '--list' not in sys.argv:
                print('\n'.join(missing))
            print(f'{folder.name}: {len(missing)} public symbols without a doc comment, at most {bound} are allowed')
        elif len(missing) < bound:
            print(f'{folder.name}: {len(missing)} without a doc comment. Lower the bound in {ALLOWED.relative_to(ROOT)} from {bound}')
    if status == 0:
        print('public symbols: documented')
    return status


if __name__ == '__main__':
    sys.exit(main())
