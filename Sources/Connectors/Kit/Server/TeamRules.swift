public import JSON

/// Which team a record belongs to, where the vendor knows no teams: `teams` of the settings, each with patterns of the names of what is its own.
///
/// ```yaml
/// teams: {West: [0AJh3..., "*@west.example.com"], Platform: ["acme/platform-*"]}
/// ```
/// Nothing is pushed to the vendor: rules by team are kept where records are read.
public struct TeamRules: Sendable {
  private let teams: [(name: String, places: NameFilter)]

  public static let key = "teams"
  /// The member of a record. It must not be left out by a choice of fields.
  public static let member = "team"

  public static let none = TeamRules(teams: [])

  private init(teams: [(name: String, places: NameFilter)]) { self.teams = teams }

  public init(_ settings: ConnectorSettings) throws(ConnectorError) {
    var teams: [(name: String, places: NameFilter)] = []
    if let part = try settings.settings(Self.key) {
      for (name, _) in part.values {
        let places = try part.strings(name) ?? []
        guard !places.isEmpty, !places.contains("") else { throw part.error(name, "expected names or patterns of what belongs to the team") }
        teams.append((name, NameFilter(allow: places)))
      }
    }
    self.init(teams: teams)
  }

  /// The schema of the member.
  public static let property: JSONValue = ["type": "string", "description": "The team that it belongs to, as the connector's settings say."]

  /// The value of the member: the first team of which a pattern fits one of the names that a record's place has.
  public func team(of names: @autoclosure () -> [String]) -> JSONValue? {
    guard !teams.isEmpty else { return nil }
    let names = names()
    return teams.first { $0.places.admits(names) }.map { .string($0.name) }
  }
}
