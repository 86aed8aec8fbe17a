import Foundation
import JSON
import MCPAuth
import MCPHTTP
import NIOCore
import Testing

/// `sluice inspect --oauth`: a person's way in, with a program in place of the person and the browser.
@Suite(
  "sluice inspect signs in", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: PythonProgram.oauthInterpreter != nil, "no Python with the packages of scripts/python-requirements-oauth.txt (scripts/python.sh): --oauth not tested"),
  .enabled(if: FileManager.default.isExecutableFile(atPath: PythonProgram.binary), "no sluice executable beside the tests: --oauth not tested"))
struct InspectSignInTests {
  /// Follows the redirect to where the program listens, as a browser does.
  private static func follow(_ redirect: String, _ client: HTTPClient) async throws -> HTTPStatus {
    let url = try #require(HTTPURL(redirect))
    let response = try await client.send(HTTPClientRequest(origin: url.origin, method: .get, path: url.path), deadline: .now() + .seconds(60))
    return response.status
  }

  /// The fields of the authorization URL that was shown.
  private static func fields(_ url: String) -> [String: String] { FormText.decode(url.split(separator: "?", maxSplits: 1).last ?? "") ?? [:] }

  @Test(
    "once, keeps the tokens where it is told, renews them without anybody, and asks again only for more rights",
    .enabled(if: PythonProgram.hasGlewlwyd, "glewlwyd is not installed (scripts/test-setup.sh)"))
  func tokens() async throws {
    try await ProtectedServer.with("glewlwyd") { server in
      let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-inspect-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appending(path: "tokens.json")
      let signIn: @Sendable (String) async throws -> Void = { url in
        let redirect = try await server.browser(url)
        #expect(redirect.hasPrefix("http://127.0.0.1:") && Self.fields(url)["code_challenge_method"] == "S256" && Self.fields(url)["resource"] == server.url)
        // Who guesses the port and not the state cannot end the sign-in.
        let guess = redirect.prefix { $0 != "?" } + "?code=guessed&state=guessed"
        #expect(try await Self.follow(String(guess), server.http) == .notFound)
        #expect(try await Self.follow(redirect, server.http) == .ok)
      }
      func inspect(_ words: String...) async throws -> Inspection {
        try await Inspection(["inspect", server.url, "--oauth", "--oauth-tokens", file.path] + words, signIn: signIn)
      }

      let first = try await inspect("call", "whoami")
      #expect(first.status == 0 && first.output.contains("mcp:read") && server.authorizations.count == 1, "\(first.output)\(first.errors)")
      let kept = try JSONValue(parsing: String(contentsOf: file, encoding: .utf8))
      let secrets = ["access_token", "refresh_token"].compactMap { kept["tokens"]?.array?.first?[$0]?.string }
      #expect(secrets.count == 2 && secrets.allSatisfy { !first.output.contains($0) && !first.errors.contains($0) })
      #expect((try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? NSNumber)?.intValue == 0o600)

      let second = try await inspect("--raw", "call", "whoami")
      #expect(second.status == 0 && second.output.contains("mcp:read") && server.authorizations.count == 1, "\(second.output)\(second.errors)")
      #expect(secrets.allSatisfy { !second.errors.contains($0) })

      // It is over: renewed with the refresh token, though the program listens on another port than the one it registered with.
      var ended = kept
      ended["tokens"] = .array(
        (kept["tokens"]?.array ?? []).map { token in
          var token = token
          token["expires"] = 1
          return token
        })
      try Data(ended.text.utf8).write(to: file)
      let third = try await inspect("call", "whoami")
      #expect(third.status == 0 && third.output.contains("mcp:read") && server.authorizations.count == 1, "\(third.output)\(third.errors)")
      let renewed = try JSONValue(parsing: String(contentsOf: file, encoding: .utf8))
      #expect(renewed["tokens"]?.array?.first?["access_token"] != kept["tokens"]?.array?.first?["access_token"] && renewed["clients"] == kept["clients"])

      // More rights need the person again.
      let fourth = try await inspect("call", "write")
      #expect(fourth.status == 0 && fourth.output.contains("mcp:write") && server.authorizations.count == 2, "\(fourth.output)\(fourth.errors)")
    }
  }

  @Test("at a server that takes it only after an administrator let its client in")
  func canaille() async throws {
    try await ProtectedServer.with("canaille", scopes: ("profile", "email"), configure: CanailleTests.introspects) { server in
      let inspection = try await Inspection(["inspect", server.url, "--oauth", "call", "whoami"]) { url in
        try await server.issuer.ask("admit", ["id": .string(Self.fields(url)["client_id"] ?? "")])
        _ = try await Self.follow(try await server.browser(url), server.http)
      }
      #expect(inspection.status == 0 && inspection.output.contains("ada profile"), "\(inspection.output)\(inspection.errors)")
    }
  }

  @Test("and says so where the person declines")
  func declined() async throws {
    try await ProtectedServer.with("canaille", scopes: ("profile", "email"), configure: CanailleTests.introspects) { server in
      let inspection = try await Inspection(["inspect", server.url, "--oauth", "call", "whoami"]) { url in
        let fields = Self.fields(url)
        let issuer = FormText.encode(server.issuer.about["issuer"]?.string ?? "")
        let redirect = "\(fields["redirect_uri"] ?? "")?error=access_denied&error_description=not+today&state=\(FormText.encode(fields["state"] ?? ""))&iss=\(issuer)"
        let status = try await Self.follow(redirect, server.http)
        #expect(status == .ok)
      }
      #expect(inspection.status == 1 && inspection.errors.contains("access_denied"), "\(inspection.output)\(inspection.errors)")
    }
  }

  @Test("but not where it was not told to: then the server's refusal is shown")
  func untold() async throws {
    try await ProtectedServer.with("canaille", scopes: ("profile", "email"), configure: CanailleTests.introspects) { server in
      let inspection = try await Inspection(["inspect", server.url, "call", "whoami"]) { url in Issue.record("signs in at \(url)") }
      #expect(inspection.status == 1 && inspection.errors.contains("access token"), "\(inspection.errors)")
      #expect(server.authorizations.isEmpty)
    }
  }
}

/// One run of the program, which shows URLs to sign in at on its standard error.
private struct Inspection {
  let status: Int32
  let output: String
  let errors: String

  /// - Parameter signIn: called with each URL that is shown, while the program waits.
  init(_ arguments: [String], seconds: Double = 90, signIn: (String) async throws -> Void) async throws {
    let process = Process()
    process.executableURL = URL(filePath: PythonProgram.binary)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try PythonProgram.start(process)
    let watch = Task {
      try await Task.sleep(for: .seconds(seconds))
      process.terminate()
    }
    defer { watch.cancel() }
    let whole = Self.lines(of: output.fileHandleForReading)
    var said: [String] = []
    do {
      for await line in Self.lines(of: errors.fileHandleForReading) {
        said.append(line)
        if line.hasPrefix("http"), line.contains("client_id=") { try await signIn(line) }
      }
    } catch {
      process.terminate()
      throw PeerError(description: "\(error)\n\(said.joined(separator: "\n"))")
    }
    self.output = await whole.reduce(into: "") { $0 += $1 + "\n" }
    self.errors = said.joined(separator: "\n")
    // Its pipes have ended: so has the program, or nearly.
    status = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        process.waitUntilExit()
        continuation.resume(returning: process.terminationStatus)
      }
    }
  }

  private static func lines(of file: FileHandle) -> AsyncStream<String> {
    let (lines, continuation) = AsyncStream.makeStream(of: String.self)
    // Reading blocks, so not on a thread of the tests.
    Thread.detachNewThread {
      var rest = Data()
      while case let chunk = file.availableData, !chunk.isEmpty {
        rest += chunk
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
          rest = Data(rest[rest.index(after: end)...])
        }
      }
      if !rest.isEmpty { continuation.yield(String(decoding: rest, as: UTF8.self)) }
      continuation.finish()
    }
    return lines
  }
}
