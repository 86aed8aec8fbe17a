// swift-tools-version: 6.1
import CompilerPluginSupport
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // An async function runs where its caller does: on the request path no call looks for another executor.
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// The external products, each under the name by which targets ask for it.
extension Target.Dependency {
  static let argumentParser: Self = .product(name: "ArgumentParser", package: "swift-argument-parser")
  static let crypto: Self = .product(name: "Crypto", package: "swift-crypto")
  static let cryptoExtras: Self = .product(name: "CryptoExtras", package: "swift-crypto")
  static let httpTypes: Self = .product(name: "HTTPTypes", package: "swift-http-types")
  static let hummingbird: Self = .product(name: "Hummingbird", package: "hummingbird")
  static let grdb: Self = .product(name: "GRDB", package: "GRDB.swift")
  static let sqlite: Self = .product(name: "GRDBSQLite", package: "GRDB.swift")
  static let lifecycle: Self = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
  static let unixSignals: Self = .product(name: "UnixSignals", package: "swift-service-lifecycle")
  static let logging: Self = .product(name: "Logging", package: "swift-log")
  static let nio: Self = .product(name: "NIOCore", package: "swift-nio")
  static let nioPosix: Self = .product(name: "NIOPosix", package: "swift-nio")
  static let nioHTTP1: Self = .product(name: "NIOHTTP1", package: "swift-nio")
  static let nioWebSocket: Self = .product(name: "NIOWebSocket", package: "swift-nio")
  static let nioTLS: Self = .product(name: "NIOTLS", package: "swift-nio")
  static let nioSSL: Self = .product(name: "NIOSSL", package: "swift-nio-ssl")
  static let swiftSyntaxMacros: Self = .product(name: "SwiftSyntaxMacros", package: "swift-syntax")
  static let swiftSyntaxBuilder: Self = .product(name: "SwiftSyntaxBuilder", package: "swift-syntax")
  static let swiftSyntax: Self = .product(name: "SwiftSyntax", package: "swift-syntax")
  static let swiftParser: Self = .product(name: "SwiftParser", package: "swift-syntax")
  static let swiftDiagnostics: Self = .product(name: "SwiftDiagnostics", package: "swift-syntax")
  static let swiftCompilerPlugin: Self = .product(name: "SwiftCompilerPlugin", package: "swift-syntax")
  static let swiftSyntaxMacroExpansion: Self = .product(name: "SwiftSyntaxMacroExpansion", package: "swift-syntax")
  static let swiftSyntaxMacrosTesting: Self = .product(name: "SwiftSyntaxMacrosGenericTestSupport", package: "swift-syntax")
  static let yams: Self = .product(name: "Yams", package: "Yams")
}

/// The connectors that the executable has, one a line.
let connectors: [Target.Dependency] = [
  "FilesConnector",
  "GitHubConnector",
  "GoogleDriveConnector",
  "JiraConnector",
  "OpenAPIConnector",
  "SalesforceConnector",
  "SlackConnector",
]

let package = Package(
  name: "sluice",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "sluice", targets: ["sluice"]),
    .executable(name: "everything-client", targets: ["everything-client"]),
    .executable(name: "everything-server", targets: ["everything-server"]),
    .executable(name: "weather-server", targets: ["weather-server"]),
    .executable(name: "greeter", targets: ["greeter"]),
    .executable(name: "weather-client", targets: ["weather-client"]),
    .executable(name: "elicitation-server", targets: ["elicitation-server"]),
    .executable(name: "sampling-host", targets: ["sampling-host"]),
    .library(name: "MCP", targets: ["JSON", "MCP"]),
    .library(name: "MCPHTTP", targets: ["MCPHTTP", "MCPAuth"]),
    .library(name: "MCPHummingbird", targets: ["MCPHummingbird"]),
    .library(name: "MCPTools", targets: ["MCPTools"]),
    .library(name: "MCPToolMacros", targets: ["MCPToolMacros"]),
    .library(name: "MCPTesting", targets: ["MCPTesting"]),
    .library(name: "Cedar", targets: ["Cedar"]),
    .library(name: "Ledger", targets: ["Ledger"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-syntax.git", "602.0.0"..<"604.0.0"),
  ],
  targets: [
    // Libraries, the lowest first. Arrows point down only.
    .target(name: "JSON", dependencies: [.nio], swiftSettings: settings),
    .target(name: "CSpawn"),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "MCP", dependencies: ["JSON", "CSpawn", .nio, .nioPosix, .logging, .crypto], swiftSettings: settings),
    .target(name: "MCPAuth", dependencies: ["JSON", .nio, .crypto, .cryptoExtras, .logging], swiftSettings: settings),
    .target(
      name: "MCPHTTP", dependencies: ["JSON", "MCP", "MCPAuth", .nio, .nioPosix, .nioSSL, .nioTLS, .crypto, .logging, .lifecycle, .unixSignals],
      swiftSettings: settings),
    // An endpoint in an application of Hummingbird. Only who imports it builds the framework.
    .target(
      name: "MCPHummingbird", dependencies: ["MCP", "MCPAuth", "MCPHTTP", .hummingbird, .httpTypes, .nio, .lifecycle], swiftSettings: settings),
    // Typed tools. Only who imports the macros builds swift-syntax.
    .target(name: "MCPTools", dependencies: ["JSON", "MCP", .nio], swiftSettings: settings),
    .target(name: "MCPToolMacros", dependencies: ["JSON", "MCP", "MCPTools", "MCPMacros"], swiftSettings: settings),
    // What tests of servers and clients need, of this package and of others.
    .target(name: "MCPTesting", dependencies: ["JSON", "CSpawn", "MCP", "MCPHTTP", .nio, .nioPosix, .logging], swiftSettings: settings),
    .macro(
      name: "MCPMacros", dependencies: [.swiftSyntax, .swiftSyntaxBuilder, .swiftParser, .swiftSyntaxMacros, .swiftDiagnostics, .swiftCompilerPlugin],
      swiftSettings: settings),
    .target(name: "Cedar", swiftSettings: settings),
    .target(name: "Ledger", dependencies: [.crypto], swiftSettings: settings),
    .target(
      name: "Gateway", dependencies: ["JSON", "MCP", "MCPAuth", "Cedar", "Ledger", .nio, .nioPosix, .crypto, .grdb, .logging],
      swiftSettings: settings),
    // Where secrets are kept, and by which names configuration speaks of them.
    .target(name: "Secrets", dependencies: ["MCPAuth"], swiftSettings: settings),
    // What connectors of vendors share.
    .target(
      name: "ConnectorKit", dependencies: ["CSpawn", "CZlib", "JSON", "MCP", "MCPAuth", "MCPHTTP", "Secrets", .nio, .nioPosix, .crypto, .logging],
      path: "Sources/Connectors/Kit", swiftSettings: settings),
    .target(
      name: "OpenAPIConnector", dependencies: ["JSON", "MCP", "MCPAuth", "MCPHTTP", "Secrets", "ConnectorKit", .nio, .logging, .yams], path: "Sources/Connectors/OpenAPI",
      swiftSettings: settings),
    .target(
      name: "SalesforceConnector", dependencies: ["JSON", "MCP", "MCPAuth", "MCPHTTP", "Secrets", "ConnectorKit", .nio, .logging], path: "Sources/Connectors/Salesforce",
      swiftSettings: settings),
    .target(
      name: "SlackConnector",
      dependencies: [
        "JSON", "MCP", "MCPAuth", "MCPHTTP", "Secrets", "ConnectorKit", .nio, .nioPosix, .nioHTTP1, .nioWebSocket, .nioSSL, .crypto, .logging,
      ], path: "Sources/Connectors/Slack", swiftSettings: settings),
    .target(
      name: "JiraConnector", dependencies: ["JSON", "MCP", "MCPAuth", "MCPHTTP", "Secrets", "ConnectorKit", .nio, .logging], path: "Sources/Connectors/Jira",
      swiftSettings: settings),
    .target(
      name: "GoogleDriveConnector", dependencies: ["JSON", "MCP", "MCPAuth", "MCPHTTP", "Secrets", "ConnectorKit", .nio, .logging],
      path: "Sources/Connectors/GoogleDrive", swiftSettings: settings),
    .target(name: "CFiles"),
    .target(
      name: "FilesConnector", dependencies: ["CFiles", "JSON", "MCP", "ConnectorKit", .nio, .logging], path: "Sources/Connectors/Files",
      swiftSettings: settings),
    .target(
      name: "GitHubConnector", dependencies: ["JSON", "MCP", "MCPAuth", "MCPHTTP", "Secrets", "ConnectorKit", .nio, .crypto], path: "Sources/Connectors/GitHub",
      swiftSettings: settings),
    .target(
      name: "SQLConnector", dependencies: ["JSON", "MCP", .grdb, .sqlite, .nio, .logging], path: "Sources/Connectors/SQL",
      swiftSettings: settings),
    .target(name: "Demo", dependencies: ["JSON", "MCP", "SQLConnector", .grdb, .logging], swiftSettings: settings),
    .target(
      name: "SluiceKit",
      dependencies: [
        "JSON", "MCP", "MCPAuth", "MCPHTTP", "Cedar", "Ledger", "Gateway", "Secrets", "ConnectorKit", "SQLConnector", "Demo", .argumentParser, .crypto, .logging,
        .nio, .nioPosix, .lifecycle, .unixSignals, .yams,
      ] + connectors, swiftSettings: settings),
    .executableTarget(name: "sluice", dependencies: ["SluiceKit", .argumentParser], swiftSettings: settings),

    // Examples.
    .target(
      name: "EverythingClientAuthorization", dependencies: ["JSON", "MCPAuth", "MCPHTTP", .nio], path: "Examples/EverythingClient/Authorization",
      swiftSettings: settings),
    .executableTarget(
      name: "everything-client", dependencies: ["JSON", "MCP", "MCPHTTP", "EverythingClientAuthorization", .nioPosix], path: "Examples/EverythingClient",
      exclude: ["Authorization"], swiftSettings: settings),
    .executableTarget(
      name: "everything-server", dependencies: ["JSON", "MCP", "MCPHTTP", .nio, .nioPosix, .logging], path: "Examples/EverythingServer",
      swiftSettings: settings),
    .executableTarget(
      name: "weather-server", dependencies: ["MCPHTTP", "MCPToolMacros", .argumentParser], path: "Examples/WeatherServer",
      swiftSettings: settings),
    .executableTarget(name: "greeter", dependencies: ["MCPHTTP", "MCPToolMacros"], path: "Examples/Greeter", swiftSettings: settings),
    .executableTarget(
      name: "weather-client", dependencies: ["JSON", "MCP", "MCPHTTP", .argumentParser], path: "Examples/WeatherClient",
      swiftSettings: settings),
    .executableTarget(
      name: "elicitation-server", dependencies: ["MCPHTTP", "MCPToolMacros", .argumentParser], path: "Examples/ElicitationServer",
      swiftSettings: settings),
    .executableTarget(
      name: "sampling-host", dependencies: ["JSON", "MCP", "MCPHTTP", .argumentParser], path: "Examples/SamplingHost",
      swiftSettings: settings),

    // Benchmarks: our side of the comparisons with the Python SDK and with vendors' clients. Only these programs count their allocations.
    .target(name: "CAllocations", path: "Benchmarks/Support/CAllocations"),
    .target(name: "BenchmarkSupport", dependencies: ["CAllocations", "JSON"], path: "Benchmarks/Support/Measuring", swiftSettings: settings),
    .executableTarget(
      name: "sdk-bench", dependencies: ["JSON", "MCP", "MCPHTTP", "BenchmarkSupport", .nio, .argumentParser], path: "Benchmarks/SDK/Bench", swiftSettings: settings),
    .executableTarget(
      name: "connector-bench",
      dependencies: ["JSON", "MCP", "MCPHTTP", "ConnectorKit", "SQLConnector", "PostgresFixture", "BenchmarkSupport", .nio, .logging, .grdb, .argumentParser]
        + connectors,
      path: "Benchmarks/Connectors/Bench", swiftSettings: settings),

    // Fuzzing: what must hold whatever comes in, and the program that tries. See Fuzz/README.md.
    .target(name: "CFuzzer", path: "Fuzz/CFuzzer"),
    .target(
      name: "FuzzTargets", dependencies: ["JSON", "MCP", "MCPHTTP", "Cedar", .nio, .nioPosix, .crypto], path: "Fuzz/Targets", swiftSettings: settings),
    .executableTarget(name: "fuzz", dependencies: ["CFuzzer", "FuzzTargets"], path: "Fuzz/Driver", swiftSettings: settings),

    // Tests.
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "JSON", .nio], swiftSettings: settings),
    .testTarget(name: "JSONTests", dependencies: ["JSON", .nio], swiftSettings: settings),
    .executableTarget(name: "stdio-fixture", dependencies: ["MCP", .nio, .nioPosix, .logging], path: "Tests/StdioFixture", swiftSettings: settings),
    .testTarget(name: "MCPTests", dependencies: ["MCP", "JSON", "stdio-fixture", .nio, .nioPosix, .logging, .crypto], swiftSettings: settings),
    .testTarget(name: "MCPToolsTests", dependencies: ["JSON", "MCP", "MCPTools", "MCPToolMacros", .nio], swiftSettings: settings),
    .testTarget(
      name: "MCPTestingTests", dependencies: ["JSON", "MCP", "MCPTools", "MCPTesting"], swiftSettings: settings),
    .testTarget(
      name: "MCPMacrosTests",
      dependencies: [
        "MCPMacros", .swiftSyntax, .swiftSyntaxBuilder, .swiftParser, .swiftDiagnostics, .swiftSyntaxMacros, .swiftSyntaxMacrosTesting, .swiftSyntaxMacroExpansion,
      ], swiftSettings: settings),
    .testTarget(
      name: "MCPHummingbirdTests",
      dependencies: ["MCPHummingbird", "MCPHTTP", "MCPAuth", "MCPTools", "MCP", "JSON", .hummingbird, .httpTypes, .nio, .nioPosix, .logging, .lifecycle],
      swiftSettings: settings),
    .testTarget(
      name: "MCPHTTPTests",
      dependencies: [
        "MCPHTTP", "MCP", "MCPAuth", "JSON", "EverythingClientAuthorization", "everything-client", .nio, .nioPosix, .nioSSL, .logging, .lifecycle, .crypto,
      ], swiftSettings: settings),
    .testTarget(name: "MCPAuthTests", dependencies: ["MCPAuth", "JSON", .nio, .crypto, .cryptoExtras], swiftSettings: settings),
    .testTarget(name: "CedarTests", dependencies: ["Cedar"], swiftSettings: settings),
    .executableTarget(name: "ledger-crash-fixture", dependencies: ["Ledger"], path: "Tests/LedgerCrashFixture", swiftSettings: settings),
    .testTarget(name: "LedgerTests", dependencies: ["Ledger", "ledger-crash-fixture", .crypto], swiftSettings: settings),
    .testTarget(name: "GatewayTests", dependencies: ["Gateway", "JSON", "MCP", "MCPAuth", "Cedar", .nio, .crypto, .cryptoExtras, .logging], swiftSettings: settings),
    .target(name: "PostgresFixture", path: "Tests/PostgresFixture", swiftSettings: settings),
    // What tests of connectors share: a vendor's double, checks against vendors' descriptions, Python clients.
    .target(
      name: "ConnectorTesting", dependencies: ["JSON", "MCP", "MCPHTTP", "MCPAuth", "ConnectorKit", .nio, .nioPosix, .logging], path: "Tests/ConnectorTesting",
      exclude: ["Python"], swiftSettings: settings),
    .testTarget(
      name: "ConnectorKitTests", dependencies: ["JSON", "MCP", "MCPHTTP", "MCPAuth", "Secrets", "ConnectorKit", "ConnectorTesting", .nio, .crypto, .logging],
      swiftSettings: settings),
    .testTarget(
      name: "GitHubConnectorTests",
      dependencies: ["JSON", "MCP", "MCPHTTP", "MCPAuth", "ConnectorKit", "ConnectorTesting", "GitHubConnector", .nio, .crypto, .cryptoExtras],
      exclude: ["Python"], swiftSettings: settings),
    .testTarget(
      name: "SalesforceConnectorTests",
      dependencies: ["JSON", "MCP", "MCPHTTP", "MCPAuth", "ConnectorKit", "SalesforceConnector", "ConnectorTesting", .nio, .crypto, .cryptoExtras], exclude: ["Python"],
      swiftSettings: settings),
    .testTarget(
      name: "FilesConnectorTests", dependencies: ["CFiles", "JSON", "MCP", "ConnectorKit", "ConnectorTesting", "FilesConnector"], exclude: ["Python"],
      swiftSettings: settings),
    .testTarget(
      name: "OpenAPIConnectorTests", dependencies: ["JSON", "MCP", "MCPHTTP", "ConnectorKit", "ConnectorTesting", "OpenAPIConnector", .nio, .crypto], exclude: ["Python"],
      swiftSettings: settings),
    .testTarget(
      name: "SlackConnectorTests", dependencies: ["JSON", "MCP", "MCPHTTP", "ConnectorKit", "SlackConnector", "ConnectorTesting", .nio, .nioSSL, .crypto],
      exclude: ["Python"], swiftSettings: settings),
    .testTarget(
      name: "JiraConnectorTests", dependencies: ["JSON", "MCP", "MCPHTTP", "ConnectorKit", "JiraConnector", "ConnectorTesting", .nio, .crypto],
      exclude: ["Python"], swiftSettings: settings),
    .testTarget(
      name: "GoogleDriveConnectorTests",
      dependencies: ["JSON", "MCP", "MCPHTTP", "MCPAuth", "Secrets", "ConnectorKit", "GoogleDriveConnector", "ConnectorTesting", .nio, .crypto, .cryptoExtras, .logging],
      exclude: ["Python"], swiftSettings: settings),
    .testTarget(
      name: "SQLConnectorTests", dependencies: ["JSON", "MCP", "SQLConnector", "ConnectorTesting", "PostgresFixture", .grdb, .sqlite, .nio, .logging],
      exclude: ["Python"], swiftSettings: settings),
    .testTarget(
      name: "DemoTests", dependencies: ["JSON", "MCP", "SQLConnector", "Demo", "Cedar", .grdb, .nio, .logging], swiftSettings: settings),
    .testTarget(
      name: "SluiceKitTests",
      dependencies: [
        "SluiceKit", "Gateway", "MCP", "MCPHTTP", "JSON", "Ledger", "Demo", "PostgresFixture", "ConnectorKit", "ConnectorTesting", "sluice", .argumentParser, .nio,
        .nioPosix, .logging, .crypto,
        .cryptoExtras, .grdb,
      ], exclude: ["Golden"], swiftSettings: settings),
    .testTarget(name: "SpecCoverageTests", exclude: ["Requirements"], swiftSettings: settings),
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "JSON", "MCP", "MCPHTTP", "MCPTools", "everything-client", "weather-server", "weather-client", "greeter", "elicitation-server", "sampling-host",
        .nio, .nioPosix, .logging,
      ], swiftSettings: settings),
    .testTarget(
      name: "SnippetTests",
      dependencies: ["JSON", "MCP", "MCPHTTP", "MCPAuth", "MCPTools", "MCPToolMacros", "MCPTesting", "greeter", .nio, .nioPosix], swiftSettings: settings),
    .testTarget(
      name: "InteropTests", dependencies: ["JSON", "MCP", "MCPAuth", "MCPHTTP", "sluice", "everything-server", "everything-client", .nio, .nioPosix, .logging],
      exclude: ["Python", "FixtureRows.tsv"],
      swiftSettings: settings),
  ]
)
