internal import JSON
internal import MCPAuth
internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Keeps tokens in a file that only its owner may read (mode 0600).
///
/// Every save writes a new file beside it, flushes it and renames it, under a lock that other processes honour.
public actor FileTokenStore: TokenStore {
  private let path: String

  /// - Parameter path: of the file; its directory must exist.
  public init(path: String) { self.path = path }

  public func latestTokens(resource: String, subject: String) async throws -> TokenSet? { try await contents().latest(resource: resource, subject: subject) }
  /// The tokens kept under a key; nil for none.
  public func tokens(for key: TokenKey) async throws -> TokenSet? { try await contents().tokens.last { $0.key == key } }
  public func save(_ tokens: TokenSet) async throws { try await change { $0.save(tokens) } }
  /// Forgets the tokens kept under a key.
  public func removeTokens(for key: TokenKey) async throws { try await change { $0.tokens.removeAll { $0.key == key } } }
  /// The client that was registered with an authorization server; nil for none.
  public func client(issuedBy issuer: String) async throws -> RegisteredClient? { try await contents().clients[issuer] }
  public func save(_ client: RegisteredClient?, issuedBy issuer: String) async throws { try await change { $0.clients[issuer] = client } }

  private func contents() async throws -> TokenStoreContents {
    let path = path
    return try await NIOThreadPool.singleton.runIfActive { try Self.load(path) }
  }

  private func change(_ edit: @escaping @Sendable (inout TokenStoreContents) -> Void) async throws {
    let path = path
    try await NIOThreadPool.singleton.runIfActive {
      let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw Self.failure("lock", path) }
      defer { close(lock) }
      var contents = try Self.load(path)
      edit(&contents)
      try Self.store(contents, path)
    }
  }

  private static let maximumLength = 16 << 20

  private static func load(_ path: String) throws -> TokenStoreContents {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT { return TokenStoreContents() }
    guard file >= 0 else { throw failure("open", path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure("look at", path) }
    guard status.st_mode & 0o077 == 0 else {
      throw OAuthError(.storage, "The token file \(path) may be read by others. Run: chmod 600 '\(path)'")
    }
    guard status.st_size <= maximumLength else { throw OAuthError(.storage, "The token file \(path) is too large to be one.") }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    guard let text = try? RawJSON(scanning: ByteBuffer(bytes: bytes)), text.kind == .object else {
      throw OAuthError(.storage, "The token file \(path) is damaged. Remove it and sign in again.")
    }
    return TokenStoreContents(text)
  }

  private static func store(_ contents: TokenStoreContents, _ path: String) throws {
    let temporary = "\(path).\(getpid()).new"
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("write", temporary) }
    var rest = Array(contents.json.text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        close(file)
        throw failure("write", temporary)
      }
      rest = rest.dropFirst(count)
    }
    let flushed = fsync(file) == 0
    close(file)
    guard flushed, rename(temporary, path) == 0 else { throw failure("write", path) }
  }

  private static func failure(_ action: String, _ path: String) -> OAuthError {
    OAuthError(.storage, "Cannot \(action) the token file \(path): \(String(cString: strerror(errno)))")
  }
}

extension TokenStoreContents {
  init(_ json: RawJSON) {
    for entry in json.elements(of: "tokens") {
      guard let issuer = entry["issuer"]?.string, let resource = entry["resource"]?.string, let token = entry["access_token"]?.string,
        let client = entry["client_id"]?.string
      else { continue }
      save(
        TokenSet(
          key: TokenKey(issuer: issuer, resource: resource, subject: entry["subject"]?.string ?? ""), accessToken: Secret(token),
          kind: entry["token_type"]?.string.flatMap(TokenSet.Kind.init(rawValue:)) ?? .bearer, expires: entry["expires"]?.int.map(Int64.init),
          refreshToken: entry["refresh_token"]?.string.map(Secret.init), scopes: AccessToken.strings(entry["scopes"]) ?? [], clientID: client,
          proofKeyThumbprint: entry["jkt"]?.string))
    }
    for member in json["clients"].map({ Array($0.members) }) ?? [] {
      let (name, entry) = member
      guard let issuer = name.string, let id = entry["client_id"]?.string, let method = entry["method"]?.string.flatMap(ClientAuthentication.Method.init(rawValue:))
      else { continue }
      clients[issuer] = RegisteredClient(
        id: id, secret: entry["client_secret"]?.string.map(Secret.init), method: method, redirectURI: entry["redirect_uri"]?.string,
        secretExpires: entry["secret_expires"]?.int.map(Int64.init))
    }
  }

  var json: JSONValue {
    func text(_ value: String?) -> JSONValue? { value.map { .string($0) } }
    let tokens: [JSONValue] = tokens.map { set in
      var entry: JSONObject = [
        "issuer": .string(set.key.issuer), "resource": .string(set.key.resource), "subject": .string(set.key.subject), "client_id": .string(set.clientID),
        "access_token": .string(set.accessToken.reveal()), "token_type": .string(set.kind.rawValue), "scopes": .array(set.scopes.map { .string($0) }),
      ]
      entry["expires"] = set.expires.map { .int($0) }
      entry["refresh_token"] = text(set.refreshToken?.reveal())
      entry["jkt"] = text(set.proofKeyThumbprint)
      return .object(entry)
    }
    var clients = JSONObject()
    for (issuer, client) in self.clients.sorted(by: { $0.key < $1.key }) {
      var entry: JSONObject = ["client_id": .string(client.id), "method": .string(client.method.rawValue)]
      entry["client_secret"] = text(client.secret?.reveal())
      entry["redirect_uri"] = text(client.redirectURI)
      entry["secret_expires"] = client.secretExpires.map { .int($0) }
      clients[issuer] = .object(entry)
    }
    return ["tokens": .array(tokens), "clients": .object(clients)]
  }
}
