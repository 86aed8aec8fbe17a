internal import ArgumentParser
internal import Gateway
internal import JSON
internal import NIOCore

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Create, list and revoke API tokens.", subcommands: [Create.self, List.self, Revoke.self])

  struct StateOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file, which names the state directory.")
    var config = "sluice.yaml"
    @Option(help: "The state directory, in place of the configuration's.")
    var state: String?

    /// The options as they were given, to be repeated in a command.
    var arguments: String { state.map { "--state \($0) " } ?? (config == "sluice.yaml" ? "" : "--config \(config) ") }

    func tokens() throws -> APITokens { APITokens(store: try store()) }

    func store() throws -> SQLiteStore {
      let directory = try state ?? SluiceConfiguration(file: config).state
      guard FileText.makeDirectory(directory) else { throw ConfigurationError("the state directory \(directory) cannot be made") }
      return try SQLiteStore(directory: directory)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create a token. It is shown once; only its hash is kept.")
    @OptionGroup var options: StateOptions
    @Option(help: "Whom the token stands for.")
    var user: String
    @Option(help: "What it is for, to be recognized in lists.")
    var name = "cli"
    @Option(help: "Days until it expires.")
    var days: Int = 90
    @Flag(help: "Never expires.")
    var noExpiry = false
    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() async throws {
      if options.state == nil, let directory = try? SluiceConfiguration(file: options.config).directory, directory.users[user] == nil, !directory.admitsUnlistedUsers {
        throw ValidationError("\(user) is not among identity.users of \(options.config), so the gateway would refuse the token")
      }
      guard days > 0 else { throw ValidationError("--days takes a number of at least 1") }
      let (token, secret) = try await options.tokens().create(user: user, name: name, lifetime: noExpiry ? nil : Int64(days) * 86_400)
      if json {
        print((["id": .string(token.id), "user": .string(token.user), "token": .string(secret.reveal())] as JSONValue).text)
      } else {
        print("\(secret.reveal())\n\nThis is \(token.id), for \(token.user). It is not shown again. Revoke it with: sluice token revoke \(options.arguments)\(token.id)")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List tokens, without their secrets.")
    @OptionGroup var options: StateOptions
    @Option(help: "Only those of this user.")
    var user: String?

    func run() async throws {
      for token in try await options.tokens().list(user: user) {
        let state = token.revoked.map { "revoked \(Timestamp.text(seconds: $0))" } ?? token.expires.map { "until \(Timestamp.text(seconds: $0))" } ?? "no expiry"
        let used = token.lastUsed.map { "last used \(Timestamp.text(seconds: $0))" } ?? "never used"
        print("\(token.id)  \(token.user)  \(token.name)  \(state)  \(used)")
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Revoke a token. A running gateway refuses it from the next request on.")
    @OptionGroup var options: StateOptions
    @Argument(help: "The token's id, tok_….")
    var id: String

    func run() async throws {
      guard try await options.tokens().revoke(id: id) != nil else { throw ValidationError("there is no token \(id); see `sluice token list`") }
      print("revoked \(id)")
    }
  }
}

/// Times for people.
enum Timestamp {
  /// RFC 3339 in UTC, without fractions.
  static func text(seconds: Int64) -> String { GatewayTime.text(milliseconds: seconds * 1000) }
}
