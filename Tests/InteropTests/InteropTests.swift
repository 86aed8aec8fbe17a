import Testing

/// Sluice among clients and servers that others wrote. What crosses each wire is recorded and held against the published schema
/// of the revision it was sent in.
///
/// One program at a time: each starts a gateway and, some of them, a dozen servers.
@Suite(
  .serialized,
  .enabled(
    if: PythonProgram.interpreter != nil,
    "no Python with the packages of scripts/python-requirements.txt (scripts/python.sh, or SLUICE_PYTHON): clients and servers of PyPI not tested"),
  .enabled(if: PythonProgram.shared != nil, "shared/spec not present: messages of clients and servers of PyPI not tested against the schemas"))
struct InteropTests {
  enum Era: String, CaseIterable, Sendable { case modern, legacy }
  enum Wire: String, CaseIterable, Sendable { case http, stdio }

  @Test("The check of recorded messages accepts the specification's examples and notices what is wrong")
  func schemaCheck() async throws {
    try await PythonProgram.run("schema_examples.py")
  }

  @Test("The official client uses the demo, and each person gets their own rows", arguments: Era.allCases, Wire.allCases)
  func officialClient(era: Era, wire: Wire) async throws {
    try await PythonProgram.run("demo_client.py", era.rawValue, wire.rawValue)
  }

  @Test("Plain messages of every revision with sessions are answered in that revision", arguments: ["2025-11-25", "2025-06-18", "2025-03-26"])
  func olderRevisions(revision: String) async throws {
    try await PythonProgram.run("older_revisions.py", revision)
  }

  @Test(
    "A client of either era, over either wire, reaches servers of both eras over both wires, whatever becomes of them and of their neighbours",
    .enabled(
      if: PythonProgram.legacyInterpreter != nil,
      "no Python with the packages of scripts/python-requirements-legacy.txt (scripts/python.sh, or SLUICE_PYTHON_LEGACY): upstreams not tested"),
    .enabled(if: PythonProgram.isRepository, "this is no git repository: upstreams, of which mcp-server-git is one, not tested"),
    arguments: Era.allCases, Wire.allCases)
  func upstreams(era: Era, wire: Wire) async throws {
    try await PythonProgram.run("upstreams_client.py", era.rawValue, wire.rawValue)
  }

  @Test(
    "The servers of a claude_desktop_config.json are imported and served over HTTP and stdio",
    .enabled(if: PythonProgram.isRepository, "this is no git repository: the import of mcp-server-git not tested"))
  func desktopImport() async throws {
    try await PythonProgram.run("desktop_import.py")
  }

  @Test("The official client uses the everything server, in both eras and over both wires")
  func officialClientOfEverything() async throws {
    try await PythonProgram.run("package_client.py", "mcp", "everything")
  }

  @Test(
    "A client made with fastmcp uses the everything server and the demo, in both eras and over both wires",
    .enabled(
      if: PythonProgram.fastmcpInterpreter != nil,
      "no Python with the packages of scripts/python-requirements-fastmcp.txt (scripts/python.sh, or SLUICE_PYTHON_FASTMCP): clients of fastmcp not tested"),
    arguments: ["everything", "sluice"])
  func fastmcpClient(server: String) async throws {
    try await PythonProgram.run("package_client.py", "fastmcp", server, python: PythonProgram.fastmcpInterpreter)
  }

  @Test(
    "Servers made with fastmcp are used through the gateway, by clients of both eras",
    .enabled(
      if: PythonProgram.fastmcpInterpreter != nil,
      "no Python with the packages of scripts/python-requirements-fastmcp.txt (scripts/python.sh, or SLUICE_PYTHON_FASTMCP): servers of fastmcp behind the gateway not tested"
    )
  )
  func fastmcpUpstreams() async throws {
    try await PythonProgram.run("fastmcp_upstreams.py")
  }

  @Test(
    "The official client gets a token of Glewlwyd for the gateway by way of a browser, and has the role of its group",
    .enabled(if: PythonProgram.hasGlewlwyd, "glewlwyd is not installed (scripts/test-setup.sh): the gateway behind an identity provider not tested"),
    .enabled(
      if: PythonProgram.oauthInterpreter != nil,
      "no Python with the packages of scripts/python-requirements-oauth.txt (scripts/python.sh): the gateway behind an identity provider not tested"),
    arguments: Era.allCases)
  func identityProvider(era: Era) async throws {
    try await PythonProgram.run("gateway_identity.py", "glewlwyd", era.rawValue)
  }

  @Test(
    "The official client gets a token for the gateway with an ID-JAG, which authlib checks",
    .enabled(
      if: PythonProgram.oauthInterpreter != nil,
      "no Python with the packages of scripts/python-requirements-oauth.txt (scripts/python.sh): enterprise-managed authorization before the gateway not tested"),
    arguments: Era.allCases)
  func enterpriseManaged(era: Era) async throws {
    try await PythonProgram.run("gateway_identity.py", "idjag", era.rawValue)
  }

  @Test("The everything client authorizes itself with the official authorization server and resource server", arguments: ["2026-07-28", "2025-11-25"])
  func officialAuthorization(revision: String) async throws {
    try await PythonProgram.run("oauth_server.py", revision)
  }
}
