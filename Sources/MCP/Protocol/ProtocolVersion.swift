/// The revisions of the Model Context Protocol that Sluice speaks.
public enum ProtocolVersion: String, Sendable, CaseIterable, Comparable {
  case v2024_11_05 = "2024-11-05"
  case v2025_03_26 = "2025-03-26"
  case v2025_06_18 = "2025-06-18"
  case v2025_11_25 = "2025-11-25"
  case v2026_07_28 = "2026-07-28"

  public static let latest = v2026_07_28
  /// What `initialize` is answered with when the client asks for a version that is unknown.
  public static let latestLegacy = v2025_11_25

  /// Whether it has sessions and requests from the server (legacy), or self-contained requests (modern).
  public var era: Era { self >= .v2026_07_28 ? .modern : .legacy }

  /// All of them, the newest first: the order in which servers name them.
  public static let newestFirst: [ProtocolVersion] = allCases.reversed()

  public static func < (one: ProtocolVersion, other: ProtocolVersion) -> Bool { one.ordinal < other.ordinal }

  private var ordinal: Int {
    switch self {
    case .v2024_11_05: 0
    case .v2025_03_26: 1
    case .v2025_06_18: 2
    case .v2025_11_25: 3
    case .v2026_07_28: 4
    }
  }
}

/// The two ways in which client and server agree on what they speak (2026-07-28, basic/versioning, "Terminology").
public enum Era: String, Sendable {
  /// A session that an `initialize` handshake opens: 2025-11-25 and earlier.
  case legacy
  /// Version, identity and capabilities come with every request: 2026-07-28 and later.
  case modern
}
