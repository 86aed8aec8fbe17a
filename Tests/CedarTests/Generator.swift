import Cedar

/// Makes policies, entities and requests at random over a small company, from a seed. About one operand in twelve is of the
/// wrong kind, so that failures are common.
struct Generator {
  struct Random: RandomNumberGenerator {
    var state: UInt64

    // SplitMix64.
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  enum Kind: CaseIterable { case bool, long, string, user, team, doc, strings, decimal, datetime, duration, ip }

  private var random: Random

  init(seed: UInt64) { random = Random(state: seed) }

  static let users = (0..<5).map { EntityUID(type: "User", id: "u\($0)") }
  static let teams = (0..<4).map { EntityUID(type: "Team", id: "t\($0)") }
  static let docs = (0..<4).map { EntityUID(type: "Doc", id: "d\($0)") }
  static let actions = ["view", "edit", "drop"].map { EntityUID(type: "Action", id: $0) }
  static let actionGroup = EntityUID(type: "Action", id: "all")

  mutating func pick<Element>(_ items: [Element]) -> Element {
    items[Int.random(in: 0..<items.count, using: &random)]
  }

  mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

  // MARK: Policies

  mutating func policies() -> String {
    (0..<Int.random(in: 1...4, using: &random)).map { _ in policy() }.joined(separator: "\n")
  }

  mutating func policy() -> String {
    let effect = chance(3) ? "forbid" : "permit"
    let principal = scope("principal", ["User"], Self.users + Self.teams)
    let resource = scope("resource", ["Doc", "Team"], Self.docs + Self.teams)
    let action: String =
      switch Int.random(in: 0..<5, using: &random) {
      case 0: "action == \(pick(Self.actions))"
      case 1: "action in \(Self.actionGroup)"
      case 2: "action in [\(pick(Self.actions)), \(pick(Self.actions))]"
      default: "action"
      }
    var text = "@note(\"\(effect)\")\n\(effect)(\(principal), \(action), \(resource))"
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      text += " \(chance(4) ? "unless" : "when") { \(expression(.bool, depth: 4)) }"
    }
    return text + ";"
  }

  private mutating func scope(_ variable: String, _ types: [String], _ entities: [EntityUID]) -> String {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: "\(variable) == \(pick(entities))"
    case 1: "\(variable) in \(pick(entities))"
    case 2: "\(variable) is \(pick(types))"
    case 3: "\(variable) is \(pick(types)) in \(pick(entities))"
    default: variable
    }
  }

  // MARK: Expressions

  mutating func expression(_ wanted: Kind, depth: Int) -> Expr {
    let kind = chance(12) ? pick(Kind.allCases) : wanted
    if depth > 0, chance(10) {
      return .conditional(
        condition: expression(.bool, depth: depth - 1), then: expression(kind, depth: depth - 1),
        otherwise: expression(kind, depth: depth - 1))
    }
    if depth > 0, chance(14) { return .attribute(.record([.init("f", expression(kind, depth: depth - 1))]), "f") }
    switch kind {
    case .bool: return bool(depth)
    case .long: return long(depth)
    case .string: return string(depth)
    case .user: return user(depth)
    case .team: return chance(2) ? .value(.entity(pick(Self.teams))) : .attribute(doc(depth), "team")
    case .doc: return doc(depth)
    case .strings:
      if chance(2) { return .attribute(user(depth), "skills") }
      return .set((0..<Int.random(in: 0...3, using: &random)).map { _ in expression(.string, depth: depth - 1) })
    case .decimal:
      return .call(.decimal, [.value(.string(pick(["1.0", "-3.25", "922337203685477.5807", "x", "1.23456"])))])
    case .datetime: return datetime(depth)
    case .duration:
      return .call(.duration, [.value(.string(pick(["1d", "-2h30m", "0ms", "5m10s", "9223372036854775807ms", "1m1d"])))])
    case .ip:
      if chance(3) { return .attribute(.variable(.context), "address") }
      return .call(.ip, [.value(.string(pick(["10.0.0.1", "10.0.0.0/8", "::1", "ff02::1/16", "224.0.0.1", "1.2.3", "127.0.0.1/7"])))])
    }
  }

  private mutating func bool(_ depth: Int) -> Expr {
    guard depth > 0 else { return pick([.value(true), .value(false), .attribute(.variable(.context), "mfa")]) }
    let below = depth - 1
    switch Int.random(in: 0..<19, using: &random) {
    case 0, 1: return .and((0..<Int.random(in: 2...3, using: &random)).map { _ in expression(.bool, depth: below) })
    case 2, 3: return .or((0..<Int.random(in: 2...3, using: &random)).map { _ in expression(.bool, depth: below) })
    case 4: return .not(expression(.bool, depth: below))
    case 5, 6:
      let kind = pick(Kind.allCases)
      return .binary(pick([.equal, .notEqual]), expression(kind, depth: below), expression(kind, depth: below))
    case 7:
      let kind = pick([Kind.long, .long, .datetime, .duration])
      return .binary(
        pick([.less, .lessOrEqual, .greater, .greaterOrEqual]), expression(kind, depth: below),
        expression(kind, depth: below))
    case 8, 9:
      let left = expression(pick([.user, .team, .doc]), depth: below)
      let right = expression(pick([.user, .team, .doc]), depth: below)
      return .binary(.in, left, chance(4) ? .set([right, .value(.entity(pick(Self.teams)))]) : right)
    case 10, 11: return has(below)
    case 12:
      let pattern = pick([[Pattern.Part.wildcard], [.literal("s"), .wildcard], [.wildcard, .literal("e"), .wildcard], [.literal("a*b")]])
      return .like(expression(.string, depth: below), Pattern(parts: pattern))
    case 13: return .isType(expression(pick([.user, .team, .doc]), depth: below), pick(["User", "Team", "Doc"]))
    case 14: return .binary(.contains, expression(.strings, depth: below), expression(.string, depth: below))
    case 15:
      return .binary(
        pick([.containsAll, .containsAny]), expression(.strings, depth: below), expression(.strings, depth: below))
    case 16: return .binary(.hasTag, expression(pick([.user, .doc]), depth: below), expression(.string, depth: below))
    case 17: return .isEmpty(expression(.strings, depth: below))
    default: return extensionTest(below)
    }
  }

  /// A knot of logic over two attributes of the resource, a known and a missing part: every way a failure can hide.
  mutating func tangle(depth: Int) -> Expr {
    guard depth > 0 else {
      return pick([
        .attribute(.variable(.resource), "a"), .attribute(.variable(.resource), "b"), .value(true), .value(false),
        .attribute(.variable(.context), "missing"), .value(5), .has(.variable(.resource), path: ["a"]),
      ])
    }
    switch Int.random(in: 0..<9, using: &random) {
    case 0, 1: return .and((0..<Int.random(in: 2...3, using: &random)).map { _ in tangle(depth: depth - 1) })
    case 2, 3: return .or((0..<Int.random(in: 2...3, using: &random)).map { _ in tangle(depth: depth - 1) })
    case 4: return .not(tangle(depth: depth - 1))
    case 5:
      return .conditional(
        condition: tangle(depth: depth - 1), then: tangle(depth: depth - 1), otherwise: tangle(depth: depth - 1))
    case 6: return .binary(pick([.equal, .notEqual]), tangle(depth: depth - 1), tangle(depth: depth - 1))
    case 7: return .attribute(.record([.init("x", tangle(depth: depth - 1)), .init("y", tangle(depth: 0))]), "x")
    default: return tangle(depth: depth - 1)
    }
  }

  private mutating func extensionTest(_ below: Int) -> Expr {
    switch Int.random(in: 0..<3, using: &random) {
    case 0: .call(pick([.isIpv4, .isIpv6, .isLoopback, .isMulticast]), [expression(.ip, depth: below)])
    case 1: .call(.isInRange, [expression(.ip, depth: below), expression(.ip, depth: below)])
    default:
      .call(
        pick([.lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual]),
        [expression(.decimal, depth: below), expression(.decimal, depth: below)])
    }
  }

  private mutating func has(_ below: Int) -> Expr {
    switch Int.random(in: 0..<5, using: &random) {
    case 0: .has(.variable(.context), path: [pick(["mfa", "address", "count", "none"])])
    case 1: .has(expression(.user, depth: below), path: [pick(["level", "skills", "manager", "none"])])
    case 2: .has(expression(.doc, depth: below), path: ["owner", pick(["level", "manager"])])
    case 3: .has(.variable(.resource), path: ["meta", "pages"])
    default: .has(expression(.doc, depth: below), path: [pick(["owner", "team", "amount", "stage", "odd key"])])
    }
  }

  private mutating func long(_ depth: Int) -> Expr {
    guard depth > 0 else { return .value(.long(pick([0, 1, -1, 2, 7, .max, .min]))) }
    switch Int.random(in: 0..<9, using: &random) {
    case 0: return .binary(pick([.add, .subtract, .multiply]), expression(.long, depth: depth - 1), expression(.long, depth: depth - 1))
    case 1: return .negate(expression(.long, depth: depth - 1))
    case 2: return .attribute(user(depth - 1), "level")
    case 3: return .attribute(.attribute(.variable(.resource), "meta"), "pages")
    case 4: return .attribute(.variable(.context), "count")
    case 5: return .call(pick([.toMilliseconds, .toSeconds, .toMinutes, .toHours, .toDays]), [expression(.duration, depth: depth - 1)])
    case 6: return .attribute(doc(depth - 1), "amount")
    default: return .value(.long(Int64.random(in: -3...9, using: &random)))
    }
  }

  private mutating func string(_ depth: Int) -> Expr {
    guard depth > 0 else { return .value(.string(pick(["sales", "legal", "", "a*b", "e\u{301}", "\u{e9}", "x\"\n"]))) }
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return .attribute(user(depth - 1), "dept")
    case 1: return .attribute(doc(depth - 1), "stage")
    case 2: return .binary(.getTag, doc(depth - 1), .value(.string(pick(["region", "none"]))))
    case 3: return .attribute(doc(depth - 1), "odd key")
    default: return .value(.string(pick(["sales", "legal", "open", "closed", "region"])))
    }
  }

  private mutating func user(_ depth: Int) -> Expr {
    switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
    case 0: .value(.entity(pick(Self.users)))
    case 1, 2, 3: .variable(.principal)
    case 4: .attribute(user(depth - 1), "manager")
    default: .attribute(doc(depth - 1), "owner")
    }
  }

  private mutating func doc(_ depth: Int) -> Expr {
    chance(4) ? .value(.entity(pick(Self.docs))) : .variable(.resource)
  }

  private mutating func datetime(_ depth: Int) -> Expr {
    let literal = Expr.call(
      .datetime,
      [.value(.string(pick(["2024-02-29", "1969-12-31T23:59:59.999Z", "2024-10-15T11:35:00+0100", "2023-02-29", "0000-01-01"])))])
    guard depth > 0 else { return literal }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return .call(.offset, [expression(.datetime, depth: depth - 1), expression(.duration, depth: depth - 1)])
    case 1: return .call(.toDate, [expression(.datetime, depth: depth - 1)])
    default: return literal
    }
  }

  // MARK: Data

  mutating func userEntity(_ uid: EntityUID) -> Entity {
    var attributes = Record()
    if !chance(5) { attributes["dept"] = .string(pick(["sales", "legal", "\u{e9}"])) }
    if !chance(4) { attributes["level"] = chance(10) ? "high" : .long(Int64.random(in: -1...8, using: &random)) }
    if !chance(3) { attributes["manager"] = .entity(pick(Self.users)) }
    if !chance(4) { attributes["skills"] = .set(ValueSet([.string(pick(["sales", "open"])), .string(pick(["legal", ""]))])) }
    // A user in a document is odd, but shows whether an unknown document's parents count.
    let all = parents() + (chance(3) ? [pick(Self.docs)] : [])
    return Entity(uid: uid, attributes: attributes, parents: all, tags: chance(2) ? ["region": "emea"] : [:])
  }

  mutating func docEntity(_ uid: EntityUID) -> Entity {
    var attributes = Record()
    if !chance(4) { attributes["owner"] = chance(10) ? "nobody" : .entity(pick(Self.users)) }
    if !chance(3) { attributes["team"] = .entity(pick(Self.teams)) }
    if !chance(4) { attributes["amount"] = .long(pick([0, 7, -1, .max])) }
    if !chance(4) { attributes["stage"] = .string(pick(["open", "closed", "sales"])) }
    if !chance(3) { attributes["meta"] = chance(6) ? 3 : ["pages": .long(pick([1, 2, 7]))] }
    if chance(3) { attributes["odd key"] = "legal" }
    var parents = parents()
    // Documents lie only in documents of a lower number, so that there are no cycles.
    if chance(3), uid != Self.docs[0] { parents.append(Self.docs[0]) }
    return Entity(uid: uid, attributes: attributes, parents: parents, tags: chance(2) ? ["region": "sales"] : [:])
  }

  private mutating func parents() -> [EntityUID] {
    (0..<Int.random(in: 0...2, using: &random)).map { _ in pick(Self.teams) }
  }

  /// Some of the company's users and teams, and the actions; documents only if asked for.
  mutating func entities(withDocuments: Bool) -> [Entity] {
    var entities: [Entity] = Self.actions.map { Entity(uid: $0, parents: $0.id == "drop" ? [] : [Self.actionGroup]) }
    entities.append(Entity(uid: Self.actionGroup))
    for (index, team) in Self.teams.enumerated() where !chance(5) {
      let parents = index > 0 && chance(2) ? [Self.teams[Int.random(in: 0..<index, using: &random)]] : []
      entities.append(Entity(uid: team, attributes: chance(2) ? ["level": 3] : [:], parents: parents))
    }
    for user in Self.users where !chance(6) { entities.append(userEntity(user)) }
    if withDocuments {
      for doc in Self.docs where !chance(6) { entities.append(docEntity(doc)) }
    }
    return entities
  }

  mutating func request() -> Request {
    Request(principal: pick(Self.users), action: pick(Self.actions), resource: pick(Self.docs), context: context())
  }

  mutating func context() -> Record {
    var context = Record()
    if !chance(3) { context["mfa"] = .bool(chance(2)) }
    if !chance(3) { context["count"] = chance(8) ? "many" : .long(pick([0, 3, 9])) }
    if !chance(3) { context["address"] = Value.IPAddress("10.0.0.7").map { .ip($0) } }
    return context
  }
}
