"""Envoy's configurations, as the JSON that it takes in place of YAML.

Plain: an HTTP connection manager and a route. Governed: JWT authentication, the MCP filter (which parses the body),
RBAC over the parsed method and tool, and a JSON access log. Router: envoy.filters.http.mcp_router, which answers
tools/list by asking every server and joining their lists (docs: configuration/http/http_filters/mcp_router_filter).
"""
import base64
import hashlib
import hmac
import json

TYPE = 'type.googleapis.com/envoy.extensions.'
JWT_KEY = b'a key for benchmarks on loopback, never for anything else'
ISSUER, AUDIENCE = 'sluice-bench', 'mcp'


def plain(port, upstream_port):
    return _bootstrap(port, filters=[_router()], clusters=[_cluster('u0', upstream_port)])


def governed(port, upstream_port, access_log, tools):
    filters = [_jwt(), _mcp(), _rbac(tools), _router()]
    return _bootstrap(port, filters, [_cluster('u0', upstream_port)], access_log=[_json_log(access_log)])


def mcp_router(port, upstream_ports):
    names = [f'u{number}' for number in range(len(upstream_ports))]
    servers = [{'name': name, 'mcp_cluster': {'cluster': name, 'path': '/mcp'}} for name in names]
    router = _filter('mcp_router', 'filters.http.mcp_router.v3.McpRouter', servers=servers)
    clusters = [_cluster(name, upstream) for name, upstream in zip(names, upstream_ports)]
    return _bootstrap(port, [_mcp(), router], clusters)


def jwt():
    """A bearer token that the governed configuration accepts; far from expiry, signed with the key in its JWKS."""
    header = _base64url(json.dumps({'alg': 'HS256', 'typ': 'JWT', 'kid': 'bench'}).encode())
    claims = _base64url(json.dumps({'iss': ISSUER, 'aud': AUDIENCE, 'sub': 'bench', 'exp': 4102444800}).encode())
    signature = hmac.new(JWT_KEY, f'{header}.{claims}'.encode(), hashlib.sha256).digest()
    return f'{header}.{claims}.{_base64url(signature)}'


def jwks():
    return {'keys': [{'kty': 'oct', 'alg': 'HS256', 'kid': 'bench', 'k': _base64url(JWT_KEY)}]}


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def _bootstrap(port, filters, clusters, access_log=()):
    routes = [{'match': {'prefix': '/'}, 'route': {'cluster': 'u0', 'timeout': '0s'}}]
    manager = {
        '@type': TYPE + 'filters.network.http_connection_manager.v3.HttpConnectionManager',
        'stat_prefix': 'bench',
        'access_log': list(access_log),
        'http_filters': filters,
        'route_config': {'virtual_hosts': [{'name': 'all', 'domains': ['*'], 'routes': routes}]},
    }
    chain = {'filters': [{'name': 'envoy.filters.network.http_connection_manager', 'typed_config': manager}]}
    listener = {'name': 'mcp', 'address': _address(port), 'filter_chains': [chain]}
    return json.dumps({'static_resources': {'listeners': [listener], 'clusters': clusters}}, indent=1)


def _address(port):
    return {'socket_address': {'address': '127.0.0.1', 'port_value': port}}


def _cluster(name, port):
    # The default circuit breakers stop at 1024; measuring them is not the point.
    unlimited = {'max_connections': 65536, 'max_pending_requests': 65536, 'max_requests': 65536}
    endpoints = [{'lb_endpoints': [{'endpoint': {'address': _address(port)}}]}]
    return {'name': name, 'type': 'STATIC', 'connect_timeout': '1s',
            'circuit_breakers': {'thresholds': [unlimited]},
            'load_assignment': {'cluster_name': name, 'endpoints': endpoints}}


def _filter(name, kind, **settings):
    return {'name': f'envoy.filters.http.{name}', 'typed_config': {'@type': TYPE + kind, **settings}}


def _router():
    return _filter('router', 'filters.http.router.v3.Router')


def _mcp():
    return _filter('mcp', 'filters.http.mcp.v3.Mcp', traffic_mode='REJECT_NO_MCP')


def _jwt():
    provider = {'issuer': ISSUER, 'audiences': [AUDIENCE], 'payload_in_metadata': 'claims',
                'local_jwks': {'inline_string': json.dumps(jwks())}}
    rule = {'match': {'prefix': '/'}, 'requires': {'provider_name': 'bench'}}
    return _filter('jwt_authn', 'filters.http.jwt_authn.v3.JwtAuthentication',
                   providers={'bench': provider}, rules=[rule])


def _rbac(tools):
    """Every method but tools/call is allowed; a call is when its tool is in the list."""
    is_call = _mcp_field(['method'], 'tools/call')
    listed = {'or_rules': {'rules': [_mcp_field(['params', 'name'], tool) for tool in tools]}}
    permissions = [{'and_rules': {'rules': [is_call, listed]}}, {'not_rule': is_call}]
    policy = {'principals': [{'any': True}], 'permissions': permissions}
    return _filter('rbac', 'filters.http.rbac.v3.RBAC', rules={'action': 'ALLOW', 'policies': {'tools': policy}})


def _mcp_field(path, value):
    matcher = {'filter': 'envoy.filters.http.mcp', 'path': [{'key': key} for key in path],
               'value': {'string_match': {'exact': value}}}
    return {'sourced_metadata': {'metadata_matcher': matcher}}


def _json_log(path):
    fields = {'time': '%START_TIME%', 'status': '%RESPONSE_CODE%', 'ms': '%DURATION%', 'bytes': '%BYTES_SENT%',
              'subject': '%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:sub)%',
              'mcp': '%DYNAMIC_METADATA(envoy.filters.http.mcp)%'}
    return {'name': 'envoy.access_loggers.file',
            'typed_config': {'@type': TYPE + 'access_loggers.file.v3.FileAccessLog', 'path': str(path),
                             'log_format': {'json_format': fields}}}
