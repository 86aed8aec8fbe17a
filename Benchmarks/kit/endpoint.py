"""A minimal MCP client: enough to see that an endpoint is ready, and when it first answered."""
import http.client
import json
import socket
import time
from dataclasses import dataclass, field

MODERN, LEGACY = '2026-07-28', '2025-11-25'
META = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': {'name': 'bench', 'version': '1'},
    'io.modelcontextprotocol/clientCapabilities': {},
}


@dataclass
class Endpoint:
    port: int
    path: str = '/mcp'
    headers: list = field(default_factory=list)  # 'Name: value'

    def count_tools(self, era):
        """How many tools the endpoint lists; ValueError when it refuses."""
        return len(self._list_modern() if era == 'modern' else self._list_legacy())

    def _list_modern(self):
        return self._post(*modern_list())[0]['tools']

    def _list_legacy(self):
        client = META['io.modelcontextprotocol/clientInfo']
        hello = {'protocolVersion': LEGACY, 'capabilities': {}, 'clientInfo': client}
        _, session = self._post({'jsonrpc': '2.0', 'id': 1, 'method': 'initialize', 'params': hello}, {})
        headers = {'MCP-Protocol-Version': LEGACY, **({'Mcp-Session-Id': session} if session else {})}
        self._post({'jsonrpc': '2.0', 'method': 'notifications/initialized'}, headers)
        return self._post({'jsonrpc': '2.0', 'id': 2, 'method': 'tools/list', 'params': {}}, headers)[0]['tools']

    def _post(self, message, headers):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=5)
        try:
            connection.request('POST', self.path, json.dumps(message), {**self._common_headers(), **headers})
            response = connection.getresponse()
            body = response.read().decode(errors='replace')
        except http.client.HTTPException as error:
            raise ValueError(repr(error)) from None
        finally:
            connection.close()
        if response.status // 100 != 2:
            raise ValueError(f'{message["method"]}: HTTP {response.status} {body[:200]}')
        return (result_of(body) if 'id' in message else None), response.headers.get('Mcp-Session-Id')

    def _common_headers(self):
        given = dict(line.split(': ', 1) for line in self.headers)
        return {'Content-Type': 'application/json', 'Accept': 'application/json, text/event-stream', **given}

    def raw_list_request(self):
        """The modern tools/list as bytes, made before the clock starts."""
        message, headers = modern_list()
        body = json.dumps(message)
        headers = {'Host': f'127.0.0.1:{self.port}', **self._common_headers(), **headers, 'Content-Length': len(body)}
        lines = ''.join(f'{name}: {value}\r\n' for name, value in headers.items())
        return f'POST {self.path} HTTP/1.1\r\n{lines}\r\n{body}'.encode()


def modern_list():
    message = {'jsonrpc': '2.0', 'id': 1, 'method': 'tools/list', 'params': {'_meta': META}}
    return message, {'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'tools/list'}


def result_of(body):
    """The result in a JSON body or in the last event of a stream."""
    if not body.lstrip().startswith('{'):
        body = [line[5:] for line in body.splitlines() if line.startswith('data:')][-1]
    answer = json.loads(body)
    if 'result' not in answer:
        raise ValueError(f'answered with an error: {body[:200]}')
    return answer['result']


def time_start(endpoint, started, tools, seconds=10):
    """Milliseconds from `started` (time.perf_counter) to the first answer with status 200 and to the first that lists
    all `tools`, asked in a tight loop; None for what did not come in time."""
    request = endpoint.raw_list_request()
    first = None
    while time.perf_counter() < started + seconds:
        answer = _ask(endpoint.port, request)
        took = (time.perf_counter() - started) * 1000
        if answer and first is None:
            first = took
        if answer and answer.count(b'"inputSchema"') == tools:
            return first, took
        time.sleep(0.0002)  # leaves the core to the starting process
    return first, None


def _ask(port, request):
    """The whole answer as bytes, or None when nobody listens yet or the status is not 200."""
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=5) as connection:
            connection.sendall(request)
            return _read_answer(connection)
    except OSError:
        return None


def _read_answer(connection):
    answer = b''
    while not _is_whole(answer):
        part = connection.recv(1 << 16)
        if not part:
            return None
        answer += part
    return answer if b' 200 ' in answer.split(b'\r\n', 1)[0] else None


def _is_whole(answer):
    head, blank_line, body = answer.partition(b'\r\n\r\n')
    if not blank_line:
        return False
    for line in head.lower().split(b'\r\n'):
        if line.startswith(b'content-length:'):
            return len(body) >= int(line.split(b':')[1])
    return body.endswith(b'0\r\n\r\n')
