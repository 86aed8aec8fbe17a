internal import MCP

/// The `sluice.yaml` that `sluice init` writes.
enum ConfigurationTemplate {
  static var currentUser: String { ChildCommand.ownVariable("USER") ?? "me" }

  static let noUpstreams = """
    upstreams:
      # A child process that speaks MCP on its standard streams. It gets PATH, HOME, LANG, TMPDIR and what env declares.
      # time:
      #   command: mcp-server-time
      #   args: [--local-timezone, Europe/Berlin]
      #   read_tools: [get_current_time, convert_time]   # count as reads, whatever the server says
      # A server over Streamable HTTP. Secrets are references, read when used.
      # docs:
      #   url: https://docs.example.com/mcp
      #   headers: {Authorization: "Bearer ${env:DOCS_TOKEN}"}
      # Our own SQL connector.
      # crm:
      #   sqlite: crm.sqlite
    """

  static func text(user: String, upstreams: String) -> String {
    """
    # Sluice: what is served, to whom, under which rules. All keys: docs/configuration.md
    name: Sluice
    listen: 127.0.0.1:7300
    state: sluice-state            # tokens, counters, keys, the audit log; relative to this file

    identity:
      unlisted_users: false        # whether a valid token of a user not named below is let in, without roles
      users:
        "\(user)":
          roles: [admin]
          # attributes: {team: emea-1}    # policies read them as principal.team
      # Tokens of an identity provider, next to API tokens (`sluice token create`):
      # jwt:
      #   - issuer: https://idp.example.com
      #     audience: https://sluice.example.com/mcp
      #     jwks: https://idp.example.com/jwks.json
      #     claims: {user: email, groups: groups}

    # Cedar. Nothing is allowed that no policy permits.
    policy:
      cedar: |
        // Administrators may use every tool, prompt and resource, and see personal and confidential data ...
        permit (principal in Role::"admin", action, resource);
        // ... but nobody is shown keys and passwords: they are masked in every result.
        forbid (principal, action == Action::"reveal", resource == Category::"secret");

    \(upstreams)

    limits:
      requests_per_minute: 600     # per user
      requests_per_day: 50000      # per user, UTC
      in_flight_per_user: 32
      in_flight: 1024              # all users together
      items: 1000                  # records in one result
      bytes: 8388608               # of one result

    stdio:
      user: "\(user)"              # in whose name `sluice stdio` works

    """
  }
}
