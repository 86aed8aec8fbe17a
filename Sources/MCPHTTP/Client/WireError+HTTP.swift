internal import MCP

extension WireError {
  init(_ error: HTTPClientError) {
    let code: Code =
      switch error.code {
      case .connect, .tls: .unreachable
      case .timeout: .timeout
      case .closedBeforeAnswer, .closedMidAnswer: .closed
      case .tooLarge, .protocol: .invalidAnswer
      case .cancelled: .cancelled
      }
    self.init(code, error.message, mayHaveHadEffect: error.requestWasSent)
  }
}
