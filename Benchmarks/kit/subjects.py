"""The subjects: how each is configured and started, and which windows it can answer."""
import os
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import envoy
from endpoint import Endpoint
from processes import NotMeasured, require_free
from sluice import sluice_config, sluice_token

UPSTREAMS = 10
TOOLS_EACH = 50
ALL_TOOLS = UPSTREAMS * TOOLS_EACH
PORTS = {'nginx': 7321, 'envoy': 7322, 'envoy-governed': 7323, 'envoy-router': 7324, 'sluice': 7311, 'sluice-jwt': 7312}


@dataclass
class Subject:
    name: str
    command: list
    endpoint: Endpoint
    tool: str = 'payload'        # the name under which it offers upstream u0's `payload`
    lists: int = TOOLS_EACH      # how many tools its tools/list has
    methods: tuple = ('tools/call',)
    eras: tuple = ('modern', 'legacy')

    def answers(self, window):
        return window.method in self.methods and window.era in self.eras


@dataclass
class Site:
    """Where this run keeps its files and finds its programs."""
    root: Path                   # the project
    work: Path                   # files of this run
    upstream_port: int = 9001
    sluice: Path = None
    start: dict = field(default_factory=dict)

    @property
    def upstream_ports(self):
        return [self.upstream_port + number for number in range(UPSTREAMS)]

    def write(self, name, text):
        path = self.work / name
        path.write_text(text)
        return path


def nginx(site, port):
    binary = shutil.which('nginx') or shutil.which('/usr/sbin/nginx')
    if not binary:
        raise NotMeasured('nginx is not installed: run Benchmarks/kit/setup.sh')
    config = site.write('nginx.conf', nginx_config(site, port))
    return Subject('nginx', [binary, '-p', str(site.work), '-c', str(config)], Endpoint(port))


def nginx_config(site, port):
    # As root nginx would hand its worker to another user, who cannot enter the work directory.
    user = 'user root;' if os.geteuid() == 0 else ''
    kinds = ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi')
    temporary = '\n  '.join(f'{kind}_temp_path {site.work}/nginx-{kind};' for kind in kinds)
    # Buffers hold a 100 KB answer in memory, and connections to the upstream are kept: the fastest nginx can be.
    return f'''daemon off;
worker_processes 1;
{user}
pid {site.work}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 256k;
  {temporary}
  upstream mcp {{
    server 127.0.0.1:{site.upstream_port};
    keepalive 128;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://mcp;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffer_size 16k;
      proxy_buffers 8 32k;
      proxy_max_temp_file_size 0;
    }}
  }}
}}
'''


def envoy_plain(site, port):
    return _envoy(site, 'envoy', port, envoy.plain(port, site.upstream_port))


def envoy_governed(site, port):
    tools = ['echo', 'payload'] + [f'report_{number:03}' for number in range(2, 20)]
    config = envoy.governed(port, site.upstream_port, site.work / 'envoy-access.log', tools)
    subject = _envoy(site, 'envoy-governed', port, config)
    subject.endpoint.headers.append('Authorization: Bearer ' + envoy.jwt())
    return subject


def envoy_router(site, port):
    subject = _envoy(site, 'envoy-router', port, envoy.mcp_router(port, site.upstream_ports))
    subject.lists, subject.methods = ALL_TOOLS, ('tools/list',)
    subject.eras = ('legacy',)  # it keeps one session for each server and answers a request without one with no tools
    return subject


def _envoy(site, name, port, config):
    found = sorted((site.root / '.build/bench/venv').glob('lib/python*/site-packages/envoy/_bin/envoy'))
    binary = shutil.which('envoy') or (found[0] if found else None)
    if not binary:
        raise NotMeasured('no envoy binary: run Benchmarks/kit/setup.sh')
    path = site.write(f'{name}.json', config)
    options = ['--concurrency', '1', '--disable-hot-restart', '-l', 'error']
    return Subject(name, [str(binary), '-c', str(path), *options], Endpoint(port))


def sluice(site, port):
    return _sluice(site, 'sluice', port, jwks=None)


def sluice_jwt(site, port):
    return _sluice(site, 'sluice-jwt', port, jwks=site.write('jwks.json', envoy.json.dumps(envoy.jwks())))


def _sluice(site, name, port, jwks):
    binary = site.sluice or site.root / '.build/release/sluice'
    if not binary.exists():
        raise NotMeasured(f'{binary} does not exist: swift build -c release --product sluice')
    state = site.work / f'{name}-state'
    state.mkdir(exist_ok=True)
    config = site.write(f'{name}.yaml', sluice_config(port, state, site.upstream_ports, jwks))
    token = envoy.jwt() if jwks else sluice_token(binary, config)
    subject = Subject(name, [str(binary), 'serve', '--config', str(config)], Endpoint(port))
    return _aggregating(subject, token, 'u0__payload')


def _aggregating(subject, token, tool):
    if token:
        subject.endpoint.headers.append(f'Authorization: Bearer {token}')
    subject.tool, subject.lists, subject.methods = tool, ALL_TOOLS, ('tools/call', 'tools/list')
    return subject


def given(site, port):
    """Whatever --start names; it has to front the upstreams as Sluice does."""
    start = site.start
    subject = Subject(start['name'], shlex.split(start['command']), Endpoint(port, start['path']))
    subject = _aggregating(subject, start['token'], start['tool'])
    if start['plain']:
        subject.lists, subject.methods = TOOLS_EACH, ('tools/call',)
    return subject


BUILDERS = {
    'nginx': nginx, 'envoy': envoy_plain, 'envoy-governed': envoy_governed, 'envoy-router': envoy_router,
    'sluice': sluice, 'sluice-jwt': sluice_jwt,
}
DEFAULT = ['nginx', 'envoy', 'envoy-governed', 'envoy-router', 'sluice']


def build(name, site):
    if site.start and name == site.start['name']:
        require_free(site.start['port'])
        return given(site, site.start['port'])
    require_free(PORTS[name])
    return BUILDERS[name](site, PORTS[name])
