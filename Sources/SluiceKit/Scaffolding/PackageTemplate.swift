internal import JSON

/// What servers and connectors have in common: the package, the program, the image, the entry for Claude Desktop, the readme.
enum PackageTemplate {
  static func files(_ scaffold: Scaffold) -> [(path: String, text: String)] {
    [
      ("Package.swift", package(scaffold)), ("Sources/Program/Program.swift", program(scaffold)), ("Dockerfile", dockerfile(scaffold)),
      (".dockerignore", ".build\n"), (".gitignore", ".build\n*.mcpb\n"), ("claude_desktop_config.json", claudeDesktop(scaffold)), ("README.md", readme(scaffold)),
    ]
  }

  private static func package(_ scaffold: Scaffold) -> String {
    let (name, module) = (scaffold.name.text, scaffold.module)
    let package = scaffold.source.package
    let dependency = scaffold.source.dependency.split(separator: "\n").joined(separator: "\n    ")
    let libraries = scaffold.kind == .server ? ["MCPToolMacros"] : ["MCP", "MCPTools"]
    return """
      // swift-tools-version: 6.1
      import PackageDescription

      let package = Package(
        name: "\(name)",
        platforms: [.macOS(.v15)],
        products: [.executable(name: "\(name)", targets: ["\(name)"])],
        dependencies: [
          \(dependency)
          .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        ],
        targets: [
          // Apart from the program, so that tests can use it.
          .target(name: "\(module)", dependencies: [\(libraries.map { ".product(name: \"\($0)\", package: \"\(package)\")" }.joined(separator: ", "))]),
          .executableTarget(
            name: "\(name)",
            dependencies: [
              "\(module)", .product(name: "MCP", package: "\(package)"), .product(name: "MCPHTTP", package: "\(package)"),
              .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Program"),
          .testTarget(
            name: "\(module)Tests", dependencies: ["\(module)", .product(name: "MCP", package: "\(package)"), .product(name: "MCPTesting", package: "\(package)")]),
        ]
      )

      """
  }

  private static func program(_ scaffold: Scaffold) -> String {
    let (name, module) = (scaffold.name.text, scaffold.module)
    let isServer = scaffold.kind == .server
    let option =
      isServer
      ? ""
      : """

        @Flag(help: "Offer no tool that changes anything.")
        var readOnly = false
      """
    return """
      import ArgumentParser
      import MCP
      import MCPHTTP
      import \(module)

      /// `\(name)` speaks MCP over standard input and output, `\(name) --port 8080` at http://127.0.0.1:8080/mcp.
      @main struct Program: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "\(name)", abstract: "\(isServer ? "An MCP server." : "An MCP server for the records of another system.")")

        @Option(help: "Serve HTTP on this port, in place of standard input and output.")
        var port: Int?
        @Option(help: "The address to listen on.")
        var host = "127.0.0.1"
        @Flag(help: "Listen on other addresses than this machine's although nobody is asked who they are: something in front of it does.")
        var unprotected = false\(option)

        func run() async throws {
          let server = \(isServer ? "makeServer()" : "makeServer(TicketStore.sample, isReadOnly: readOnly)")
          guard let port else { return try await server.run(.stdio) }
          guard unprotected || host == "localhost" || host.hasPrefix("127.") else {
            throw ValidationError("whoever reaches \\(host) could call every tool: put a gateway in front, then say --unprotected")
          }
          try await server.run(.http(host: host, port: port))
        }
      }

      """
  }

  private static func dockerfile(_ scaffold: Scaffold) -> String {
    let name = scaffold.name.text
    let checkout = scaffold.source.checkout.map { path in
      """
      # Sluice lies outside of this folder, so the build needs its checkout too:
      #   \(build(scaffold))
      # When Package.swift names a repository of it, delete the next line, and --build-context there.
      COPY --from=sluice [".", "\(place(of: path))"]

      """
    }
    return """
      # syntax=docker/dockerfile:1
      FROM swift:6.3-bookworm AS build
      WORKDIR /src
      \(checkout ?? "")COPY . .
      RUN swift build -c release --static-swift-stdlib --product \(name) && cp "$(swift build -c release --show-bin-path)/\(name)" /\(name)

      FROM debian:bookworm-slim
      RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
      COPY --from=build /\(name) /usr/local/bin/\(name)
      USER nobody
      EXPOSE 8080
      # Nobody is asked who they are: publish the port to this machine only (-p 127.0.0.1:8080:8080), or to a gateway.
      ENTRYPOINT ["\(name)"]
      CMD ["--host", "0.0.0.0", "--port", "8080", "--unprotected"]

      """
  }

  /// The command that makes the image.
  private static func build(_ scaffold: Scaffold) -> String {
    let context = scaffold.source.checkout.map { "--build-context \"sluice=\($0)\" " } ?? ""
    return "docker build \(context)-t \(scaffold.name.text) ."
  }

  /// Where the manifest, in `/src` of the image, looks for the checkout.
  private static func place(of path: String) -> String {
    if path.hasPrefix("/") { return path }
    var place = ["src"]
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = place.popLast() } else { place.append(String(part)) }
    }
    return "/" + place.joined(separator: "/")
  }

  private static func claudeDesktop(_ scaffold: Scaffold) -> String {
    let entry: JSONValue = ["mcpServers": .object([scaffold.name.text: ["command": .string("/absolute/path/to/.build/release/\(scaffold.name.text)"), "args": []]])]
    return entry.prettyText + "\n"
  }

  private static func readme(_ scaffold: Scaffold) -> String {
    let (name, module) = (scaffold.name.text, scaffold.module)
    let source =
      switch scaffold.source {
      case .path(let path): "`Package.swift` finds Sluice at `\(path)`, on this machine. For others, name its repository there."
      case .url(let url): "`Package.swift` takes Sluice from `\(url)`, branch `main`."
      case .beside:
        "`Package.swift` looks for a checkout of Sluice at `\(Scaffold.Source.besidePath)`: put one there, or change the line marked `SLUICE`."
      }
    let image =
      scaffold.source.checkout == nil
      ? ""
      : """


      The first line needs BuildKit, which `docker build` has been since Docker 23: it gives the build the checkout of Sluice, which lies
      outside of this folder. When `Package.swift` names a repository, take `--build-context` out of it, and the line of `COPY --from=sluice`
      out of the Dockerfile.
      """
    let behind =
      scaffold.kind == .server
      ? ""
      : """


      ## Behind Sluice

      `sluice.yaml` runs it behind a gateway that checks every record: `sluice serve --config sluice.yaml`. The tools declare their records
      (`dev.sluice/records`) and the categories of fields (`dev.sluice/categories`); policies decide on them.
      """
    return """
      # \(name)

      \(scaffold.kind == .server ? "An MCP server in Swift." : "A connector: an MCP server in Swift for the records of another system.") The code is in `Sources/\(module)`.

      ```sh
      swift build && swift test
      sluice inspect .build/debug/\(name)            # look into it
      .build/debug/\(name) --port 8080               # http://127.0.0.1:8080/mcp
      ```

      \(source)

      ## Claude

      ```sh
      swift build -c release --static-swift-stdlib
      sluice pack .build/release/\(name)             # \(name).mcpb, for one-click installation in Claude Desktop
      claude mcp add \(name) -- "$PWD/.build/release/\(name)"
      ```

      `claude_desktop_config.json` is the entry for Claude Desktop by hand: put the absolute path of the program into it.

      ## Docker

      ```sh
      \(build(scaffold))
      docker run --rm -p 127.0.0.1:8080:8080 \(name)
      ```\(image)\(behind)

      """
  }
}
