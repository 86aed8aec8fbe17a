import MCPHTTP
import NIOCore

extension FuzzTarget {
  /// The parser of responses: however the bytes are cut, they give the same heads and contents.
  public static let httpResponse = FuzzTarget("http-response", dictionary: httpWords) { bytes throws(Finding) in
    var cuts = Cuts(bytes)
    let others = cuts.others()
    for method in [HTTPMethod.post, .head] {
      let whole = read(cuts.whole, method)
      for pieces in others {
        let other = read(pieces, method)
        try require(other == whole, "answers to \(method) depend on how the bytes arrive: \(other) in pieces, \(whole) whole")
      }
    }
  }

  private struct Response: Equatable {
    var status: Int
    var fields: [String]
    var body = ByteBuffer()
    var isComplete = false
  }

  private struct Reading: Equatable {
    var response: Response?
    var error: HTTPFramingError?
  }

  /// Reads one answer. What follows it belongs to nothing, and whether it is seen in time depends on how it arrives.
  private static func read(_ pieces: [ByteBuffer], _ method: HTTPMethod) -> Reading {
    var reading = Reading()
    var parser = HTTPResponseParser(maxHeaderBytes: 512)
    parser.expectResponse(to: method)
    do throws(HTTPFramingError) {
      for piece in pieces {
        parser.append(piece)
        next: while true {
          switch try parser.next() {
          case .needsMore: break next
          case .head(let status, let headers):
            reading.response = Response(status: status.code, fields: headers.pairs.map { "\($0.name): \($0.value)" })
          case .content(let piece): reading.response?.body.writeImmutableBuffer(piece)
          case .end:
            reading.response?.isComplete = true
            return reading
          }
        }
      }
      if parser.inputEnded() { reading.response?.isComplete = true }
    } catch { reading.error = error }
    return reading
  }
}
