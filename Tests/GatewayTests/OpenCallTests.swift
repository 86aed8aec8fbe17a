import JSON
import MCP
import Testing

@testable import Gateway

@Suite("Questions that come without a mark of their call")
struct OpenCallTests {
  private func principal(_ id: String) -> Principal { Principal(id: id, authentication: .local) }

  private func asks(_ name: String) -> RequestsFromServer.Answering {
    { _, _ throws(RPCError) in ["asked": .string(name)] }
  }

  private func answer(_ calls: OpenCalls) async -> JSONValue? { try? await calls.answer(.rootsList, [:]) }

  @Test("are put to the one person who has calls open, and to nobody where it could be another's")
  func attribution() async {
    let calls = OpenCalls()
    #expect(await answer(calls) == nil, "nobody's")
    let first = calls.open(principal("ada"), asks("ada 1"))
    #expect(await answer(calls) == ["asked": "ada 1"])
    let second = calls.open(principal("ada"), asks("ada 2"))
    #expect(await answer(calls) == ["asked": "ada 2"])
    // Who cannot be asked may be whom it is about.
    let other = calls.open(principal("bob"), nil)
    #expect(await answer(calls) == nil)
    calls.close(other)
    #expect(await answer(calls) == ["asked": "ada 2"])
    calls.close(second)
    calls.close(first)
    #expect(await answer(calls) == nil)
  }

  @Test("two Unicode forms of a name are two people")
  func forms() async {
    let calls = OpenCalls()
    _ = calls.open(principal("Ren\u{E9}"), asks("composed"))
    _ = calls.open(principal("Rene\u{301}"), asks("decomposed"))
    #expect(await answer(calls) == nil)
  }
}
