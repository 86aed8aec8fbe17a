extension ConnectorFinding {
  /// What a check of several subjects found. Where there is more than one, each finding says of whom it is.
  public static func all(of subjects: [Subject], _ check: (Subject) async -> [ConnectorFinding]) async -> [ConnectorFinding] {
    var findings: [ConnectorFinding] = []
    for subject in subjects {
      let found = await check(subject)
      findings += subjects.count == 1 ? found : found.map { ConnectorFinding($0.level, "\(subject.name): \($0.message)", remedy: $0.remedy) }
    }
    return findings
  }
}
