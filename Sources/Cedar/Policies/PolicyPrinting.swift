extension Policy: CustomStringConvertible {
  /// The policy as Cedar text, in the usual layout; comments and spacing of the source are not kept.
  public var description: String {
    var lines: [String] = annotations.map { annotation in
      annotation.value.isEmpty ? "@\(annotation.name)" : "@\(annotation.name)(\(CedarText.quoted(annotation.value)))"
    }
    let scope = [principal.text(for: "principal"), action.text, resource.text(for: "resource")]
    var text = "\(effect.rawValue) (\(scope.joined(separator: ", ")))"
    for condition in conditions { text += "\n\(condition.kind.rawValue) { \(condition.expression) }" }
    lines.append(text + ";")
    return lines.joined(separator: "\n")
  }
}

extension ScopeConstraint {
  fileprivate func text(for variable: String) -> String {
    switch self {
    case .any: variable
    case .equal(let uid): "\(variable) == \(uid)"
    case .isIn(let uid): "\(variable) in \(uid)"
    case .isType(let type): "\(variable) is \(type)"
    case .isTypeIn(let type, let uid): "\(variable) is \(type) in \(uid)"
    }
  }
}

extension ActionConstraint {
  fileprivate var text: String {
    switch self {
    case .any: "action"
    case .equal(let uid): "action == \(uid)"
    case .isIn(let uids): "action in [\(uids.map(\.description).joined(separator: ", "))]"
    }
  }
}

extension PolicySet: CustomStringConvertible {
  /// All policies as Cedar text.
  public var description: String { policies.map(\.description).joined(separator: "\n\n") }
}
