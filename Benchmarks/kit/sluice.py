"""How Sluice itself is set up for the run: the two functions to edit when its configuration changes."""
import json
import subprocess

from processes import NotMeasured

TOKEN_SECONDS = 20


def sluice_config(port, state, upstream_ports, jwks=None):
    """sluice.yaml for the run: every stage on, and bounds that the load does not reach. `jwks` is a file for JWT."""
    upstreams = '\n'.join(f'  u{number}:\n    url: http://127.0.0.1:{upstream}/mcp'
                          for number, upstream in enumerate(upstream_ports))
    identity = '' if not jwks else f'identity:\n  jwt:\n    issuer: sluice-bench\n    audience: mcp\n    jwks: {jwks}\n'
    return f'listen: 127.0.0.1:{port}\nstate: {state}\n{identity}upstreams:\n{upstreams}\n'


def sluice_token(binary, config):
    """An API token of the user `bench`, who may call every tool."""
    command = [str(binary), 'token', 'create', '--config', str(config), '--user', 'bench', '--json']
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOKEN_SECONDS)
        return json.loads(done.stdout)['token']
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        raise NotMeasured(f'`{" ".join(command)}` gave no token ({error!r})') from None
