import Cedar

extension FuzzTarget {
  /// The Cedar parser, printer and evaluators.
  public static let cedar = FuzzTarget(
    "cedar",
    dictionary: [
      "permit", "forbid", "(", ")", "{", "}", "[", "]", ",", ";", ".", "::", "==", "!=", "<", "<=", "&&", "||", "!", "-", "+", "*", "@id(\"a\")", "if ", " then ",
      " else ",
      " in ", " has ", " like ", " is ", "true", "false", "when", "unless", "principal", "action", "resource", "context", "User::\"u\"", "Action::\"a\"", "\"a*\\*b\"",
      "\"\\u{41}\"", "9223372036854775807", "-9223372036854775808", "ip(\"::1/8\")", "decimal(\"1.5\")", ".contains(", ".isEmpty()", ".getTag(\"x\")", "// note\n",
      "datetime(\"2024-01-01\")", "duration(\"1h\")", ".toDays()", "{a: 1}", "context.b", "context[\"k\"]", "?principal",
    ]
  ) { bytes throws(Finding) in
    let policies: PolicySet
    do throws(CedarError) { policies = try PolicySet(parsingUTF8: bytes) } catch {
      try require(!error.message.isEmpty, "an error has no message")
      return
    }
    let printed = policies.description
    let again: PolicySet
    do throws(CedarError) { again = try PolicySet(parsing: printed) } catch { throw Finding("what was printed is not accepted: \(error): \(printed)") }
    try require(again.description == printed, "what was printed is printed differently: \(printed) is \(again.description)")

    let (user, action, thing) = (EntityUID(type: "User", id: "u"), EntityUID(type: "Action", id: "a"), EntityUID(type: "Thing", id: "t"))
    let request = Request(principal: user, action: action, resource: thing)
    try require(
      policies.isAuthorized(request, entities: Entities()).decision == again.isAuthorized(request, entities: Entities()).decision,
      "what was printed decides differently: \(printed)")
    let partial = policies.partiallyAuthorized(PartialRequest(principal: user, action: action, resourceType: "Thing"), entities: Entities())
    _ = "\(partial.residual)"
    _ = policies.dependencies()
  }
}
