import MCPHTTP
import NIOCore
import NIOPosix
import Testing

@Suite("HTTP against noise")
struct HTTPFuzzTests {
  static let request = "POST /mcp?q HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
  static let fixed = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: h\r\n\r\n"
  static let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
  static let fixedAnswer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"

  @Test("mutated requests are answered or refused, and the server goes on serving", arguments: [request, fixed])
  func requests(_ text: String) async throws {
    try await withServer(.echo) { port in
      var noise = Noise(seed: 20_260_728)
      for _ in 0..<400 {
        let socket = try RawSocket(port: port)
        socket.send(noise.mutate(Array(text.utf8)))
        socket.finishSending()
        let answer = await socket.readToEnd()
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 "))
      }
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(await socket.readToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
    }
  }

  @Test("mutated answers give a response or an error, and the client goes on", arguments: [answer, fixedAnswer])
  func answers(_ text: String) async throws {
    var noise = Noise(seed: 20_251_125)
    let client = HTTPClient(eventLoopGroup: loops)
    for _ in 0..<400 {
      let bytes = noise.mutate(Array(text.utf8))
      try await withScript([ByteBuffer(bytes: bytes)]) { port in
        do {
          let response = try await client.send(get(port, "/"), deadline: .now() + .seconds(20))
          #expect((200...999).contains(response.status.code))
        } catch let error as HTTPClientError {
          #expect(error.code != .timeout && error.code != .connect)
        }
      }
    }
    await client.shutdown()
  }
}

/// A small repeatable generator (SplitMix64), so that a failure can be run again.
private struct Noise {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  private mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }

  /// Changes, drops, repeats or inserts a few bytes; the alphabet leans towards what the grammar gives a meaning.
  mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    let alphabet: [UInt8] = [0, 9, 10, 13, 32, 44, 45, 48, 49, 58, 59, 65, 102, 127, 128, 255]
    var out = bytes
    for _ in 0...below(4) where !out.isEmpty {
      let position = below(out.count)
      switch below(4) {
      case 0: out[position] = alphabet[below(alphabet.count)]
      case 1: out.remove(at: position)
      case 2: out.insert(alphabet[below(alphabet.count)], at: position)
      default: out.insert(contentsOf: out[position..<min(out.count, position + below(12))], at: position)
      }
    }
    return out
  }
}
