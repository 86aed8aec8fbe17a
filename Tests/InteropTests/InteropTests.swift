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

  @Test("The official client uses the demo as three people see it", arguments: Era.allCases, Wire.allCases)
  func officialClient(era: Era, wire: Wire) async throws {
    try await PythonProgram.run("demo_client.py", era.rawValue, wire.rawValue)
  }

  @Test(
    "A client of either era reaches servers of both eras over stdio and HTTP, whatever becomes of them and of their neighbours",
    .enabled(
      if: PythonProgram.legacyInterpreter != nil,
      "no Python with the packages of scripts/python-requirements-legacy.txt (scripts/python.sh, or SLUICE_PYTHON_LEGACY): upstreams not tested"),
    arguments: Era.allCases)
  func upstreams(era: Era) async throws {
    try await PythonProgram.run("upstreams_client.py", era.rawValue)
  }
}
