"""The load generator against servers that answer well and badly: python3 -m unittest discover Benchmarks/kit"""
import json
import re
import subprocess
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import bench

RESULT = '{"content":[{"type":"text","text":"a \\"quoted\\" }]{ text"}],"isError":false}'


def message(request_id, result=RESULT):
    return f'{{"jsonrpc":"2.0","id":{request_id},"result":{result}}}'


def chunked(text):
    half = len(text) // 2
    parts = [text[:half], text[half:], '']
    return ''.join(f'{len(part):x}\r\n{part}\r\n' for part in parts)


JSON, STREAM = 'Content-Type: application/json', 'Content-Type: text/event-stream'
NOTICE = 'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n'
GOOD = {
    'JSON with a length': (JSON, message, False),
    'JSON with the id last': (JSON, lambda n: f'{{"result":{RESULT},"id":{n},"jsonrpc":"2.0"}}', False),
    'JSON with spaces': (JSON, lambda n: f'{{ "jsonrpc" : "2.0", "id" : {n} , "result" : {RESULT} }}', False),
    'JSON in chunks': (JSON, message, True),
    'a stream in chunks': (STREAM, lambda n: f'{NOTICE}event: message\ndata: {message(n)}\n\n', True),
    'a stream with a length': (STREAM, lambda n: f'{NOTICE}data: {message(n)}\r\n\r\n', False),
}
BAD = {
    'wrong id': (JSON, lambda n: message(n + 1), False),
    'no id': (JSON, lambda n: f'{{"result":{RESULT}}}', False),
    'JSON-RPC error': (JSON, lambda n: f'{{"id":{n},"error":{{"code":-32603,"message":"no"}}}}', False),
    'isError': (JSON, lambda n: message(n, '{"content":[],"isError":true}'), False),
    'no result': (JSON, lambda n: f'{{"id":{n}}}', False),
    'not HTTP': (JSON, message, 'broken'),
}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """The load generator hangs up when it has seen enough."""


def serve(kind):
    content_type, body_for, framing = kind

    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_POST(self):
            request = self.rfile.read(int(self.headers['Content-Length'])).decode()
            body = body_for(int(re.search(r'"id":(\d+)', request)[1]))
            length = 'Transfer-Encoding: chunked' if framing else f'Content-Length: {len(body)}'
            body = f'zz\r\n{body}' if framing == 'broken' else chunked(body) if framing else body
            self.wfile.write(f'HTTP/1.1 200 OK\r\n{content_type}\r\n{length}\r\n\r\n{body}'.encode())

        def log_message(self, *_):
            pass

    server = Server(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def load(kind):
    server = serve(kind)
    command = [bench.OUT / 'loadgen', '--port', server.server_port, '--connections', 2, '--warmup', 0, '--seconds', 0.1]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=20)
    server.shutdown()
    server.server_close()
    return json.loads(done.stdout)


class LoadGenerator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        bench.OUT.mkdir(parents=True, exist_ok=True)
        bench.build_tools()

    def test_counts_a_right_answer_however_it_is_framed(self):
        for name, kind in GOOD.items():
            with self.subTest(name):
                figures = load(kind)
                self.assertEqual((figures['bad'], figures['first_bad']), (0, ''))
                self.assertGreater(figures['requests'], 0)

    def test_names_what_is_wrong_with_a_wrong_answer(self):
        for reason, kind in BAD.items():
            with self.subTest(reason):
                figures = load(kind)
                self.assertEqual(figures['requests'], 0)
                self.assertTrue(figures['first_bad'].startswith(reason + ':'), figures['first_bad'])


if __name__ == '__main__':
    unittest.main()
