"""How Sluice itself is set up for the run: the two functions to edit when its configuration changes."""
import json
import subprocess

from processes import NotMeasured

TOKEN_SECONDS = 20


POLICY = """
    // What an enterprise's policy has: roles, upstreams, actions by effect, a forbid, categories of data.
    permit (principal in Role::"bench", action, resource in Upstream::"u0") when { principal.team == "bench" };
    permit (principal in Role::"bench", action, resource) when { resource in Upstream::"u1" || resource has effect };
    forbid (principal, action, resource) unless { principal has team };
    permit (principal in Role::"bench", action == Action::"reveal", resource == Category::"internal");
"""


def sluice_config(port, state, upstream_ports, jwks=None):
    """sluice.yaml for the run: every stage on, and bounds that the load does not reach. `jwks` is a file for JWT."""
    upstreams = '\n'.join(f'  u{number}:\n    url: http://127.0.0.1:{upstream}/mcp'
                          for number, upstream in enumerate(upstream_ports))
    jwt = '' if not jwks else f"""  jwt:
    issuer: sluice-bench
    audience: mcp
    jwks: {jwks}
    algorithms: [HS256]
"""
    return f"""listen: 127.0.0.1:{port}
state: {state}
identity:
  users:
    bench: {{roles: [bench], groups: [load], attributes: {{team: bench}}}}
{jwt}policy:
  cedar: |{POLICY}
limits:
  requests_per_minute: 900000000
  requests_per_day: 900000000000
  in_flight_per_user: 10000
  in_flight: 100000
upstreams:
{upstreams}
"""


def sluice_token(binary, config):
    """An API token of the user `bench`, who may call every tool."""
    command = [str(binary), 'token', 'create', '--config', str(config), '--user', 'bench', '--json']
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOKEN_SECONDS)
        return json.loads(done.stdout)['token']
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        raise NotMeasured(f'`{" ".join(command)}` gave no token ({error!r})') from None
