internal import Logging
public import NIOCore
internal import Synchronization

/// The redirect URI of a command line program: a listener on 127.0.0.1 that takes one redirect for each authorization (RFC 8252
/// section 7.3).
///
/// It answers nothing but the redirect that belongs to the authorization URL being shown, recognized by its `state`: a web page that
/// guesses the port cannot bring the authorization to an end.
public final class LoopbackRedirect: HTTPResponder {
  private struct Expected {
    var state: String
    var continuation: AsyncStream<String>.Continuation
  }

  /// To configure as the redirect URI.
  public let redirectURI: String
  private let path: String
  private let server: Mutex<HTTPServer?>
  /// Guards the redirect that is waited for.
  private let expected: Mutex<Expected?>

  private init(port: Int, path: String, _ box: Listener) {
    self.path = path
    redirectURI = "http://127.0.0.1:\(port)\(path)"
    server = Mutex(box.server)
    expected = Mutex(nil)
  }

  /// Starts to listen.
  /// - Parameter port: 0 for any free one. Authorization servers that compare redirect URIs whole need the registered one.
  public static func listen(on group: any EventLoopGroup, port: Int = 0, path: String = "/callback") async throws -> LoopbackRedirect {
    let listener = Listener()
    var configuration = HTTPServerConfiguration()
    configuration.maxConnections = 16
    configuration.maxBodyBytes = 0
    configuration.headerTimeout = .seconds(5)
    configuration.idleTimeout = .seconds(5)
    configuration.shutdownTimeout = .seconds(1)
    let server = HTTPServer(
      host: "127.0.0.1", port: port, eventLoopGroup: group, configuration: configuration, responder: listener, logger: Logger(label: "mcp.redirect"))
    listener.server = server
    let redirect = LoopbackRedirect(port: try await server.start(), path: path, listener)
    listener.target = redirect
    return redirect
  }

  /// The browser of an ``OAuthGrant``: hands the URL to `open`, which shows it to the user, and waits for the redirect.
  public func browser(timeout: TimeAmount = .minutes(5), open: @escaping @Sendable (_ authorizationURL: String) async throws -> Void) -> OAuthGrant.Browser {
    { [self] url in
      let query = url.split(separator: "?", maxSplits: 1).last ?? ""
      guard let state = FormText.decode(query)?["state"] else { throw OAuthError(.redirect, "The authorization URL has no state.") }
      let (redirects, continuation) = AsyncStream<String>.makeStream()
      expected.withLock { $0 = Expected(state: state, continuation: continuation) }
      let timer = Task {
        try await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
        continuation.finish()
      }
      defer {
        timer.cancel()
        expected.withLock { if $0?.state == state { $0 = nil } }
      }
      try await open(url)
      for await redirect in redirects { return redirect }
      try Task.checkCancellation()
      throw OAuthError(.redirect, "Nobody signed in within \(timeout.nanoseconds / 1_000_000_000) seconds.")
    }
  }

  /// Stops listening.
  public func close() async {
    guard let server = server.withLock({ $0.take() }) else { return }
    let run = Task { try await server.run() }
    run.cancel()
    _ = await run.result
  }

  /// Answers one request.
  public func respond(to request: HTTPRequest) async -> HTTPReply {
    guard request.method == .get, request.path == path, let query = request.query, let state = FormText.decode(query)?["state"] else {
      return .text(.notFound, "There is nothing here.")
    }
    let continuation = expected.withLock { expected in
      guard expected?.state == state else { return AsyncStream<String>.Continuation?.none }
      return expected.take()?.continuation
    }
    guard let continuation else { return .text(.notFound, "No sign-in with this state is under way.") }
    continuation.yield("\(redirectURI)?\(query)")
    continuation.finish()
    return .text(.ok, "You are signed in, or were refused: the program says which. This window can be closed.")
  }

  /// What the server calls: it has to exist before the port is known.
  private final class Listener: HTTPResponder {
    private struct State {
      weak var target: LoopbackRedirect?
      var server: HTTPServer?
    }
    private let state = Mutex(State())

    var target: LoopbackRedirect? {
      get { state.withLock { $0.target } }
      set { state.withLock { $0.target = newValue } }
    }
    var server: HTTPServer? {
      get { state.withLock { $0.server } }
      set { state.withLock { $0.server = newValue } }
    }

    func respond(to request: HTTPRequest) async -> HTTPReply {
      guard let target else { return .text(.notFound, "There is nothing here.") }
      return await target.respond(to: request)
    }
  }
}
