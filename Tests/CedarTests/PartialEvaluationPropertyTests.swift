import Cedar
import Testing

@Suite("Partial evaluation agrees with full evaluation")
struct PartialEvaluationPropertyTests {
  @Test("A residual over an unknown resource decides every record as full evaluation does", arguments: 0..<8)
  func unknownResource(part: Int) throws {
    var conditional = 0
    for index in 0..<250 {
      let seed = UInt64(part * 1_000 + index)
      var generator = Generator(seed: seed)
      let text = generator.policies()
      let policies = try PolicySet(parsing: text)
      let entities = Entities(generator.entities(withDocuments: generator.chance(3)))
      let request = generator.request()
      var unknownContext: Set<String> = []
      var known = request.context
      if generator.chance(2) {
        unknownContext = ["mfa", "count"]
        for name in unknownContext { known[name] = nil }
      }
      let response = policies.partiallyAuthorized(
        PartialRequest(
          principal: request.principal, action: request.action, resourceType: "Doc", context: known,
          unknownContext: unknownContext),
        entities: entities)
      if case .conditional = response.residual { conditional += 1 }
      for record in Generator.docs {
        let entity = entities[record] ?? generator.docEntity(record)
        let complete = Request(
          principal: request.principal, action: request.action, resource: record, context: request.context)
        let full = policies.isAuthorized(complete, entities: entities.overlaid(with: [entity]))
        let filled = response.respond(.init(resource: entity, context: request.context))
        let context = "seed \(seed), \(record):\n\(text)\nresidual: \(response.residual)"
        #expect(filled.decision == full.decision, "\(context)")
        #expect(filled.reasons == full.reasons, "\(context)")
        let evaluated = response.evaluate(
          attributes: entity.attributes, id: record.id, parents: entity.parents, tags: entity.tags,
          context: request.context)
        #expect(evaluated == (full.decision == .allow), "\(context)")
      }
    }
    #expect(conditional > 25, "too few residuals to mean anything")
  }

  @Test("A residual over an unknown principal decides every principal as full evaluation does", arguments: 0..<4)
  func unknownPrincipal(part: Int) throws {
    for index in 0..<200 {
      let seed = UInt64(50_000 + part * 1_000 + index)
      var generator = Generator(seed: seed)
      let text = generator.policies()
      let policies = try PolicySet(parsing: text)
      let entities = Entities(generator.entities(withDocuments: true))
      let request = generator.request()
      let resource: PartialRequest.Subject = generator.chance(2) ? .known(request.resource) : .unknown(type: "Doc")
      let response = policies.partiallyAuthorized(
        PartialRequest(
          principal: .unknown(type: "User"), action: request.action, resource: resource, context: request.context),
        entities: entities)
      for user in Generator.users {
        let principal = entities[user] ?? generator.userEntity(user)
        let document = entities[request.resource] ?? generator.docEntity(request.resource)
        var all = entities.overlaid(with: [principal])
        if resource == .unknown(type: "Doc") { all.insert(document) }
        let complete = Request(
          principal: user, action: request.action, resource: request.resource, context: request.context)
        let full = policies.isAuthorized(complete, entities: all)
        let filled = response.respond(.init(principal: principal, resource: document))
        #expect(filled.decision == full.decision && filled.reasons == full.reasons, "seed \(seed), \(user):\n\(text)\nresidual: \(response.residual)")
      }
    }
  }

  @Test("Failures hidden in logic decide as in full evaluation", arguments: 0..<4)
  func tangles(part: Int) throws {
    let user = Generator.users[0]
    let states: [Value?] = [nil, true, false, 5]
    for index in 0..<150 {
      var generator = Generator(seed: UInt64(200_000 + part * 1_000 + index))
      let text = """
        permit(principal, action, resource) when { \(generator.tangle(depth: 4)) };
        permit(principal, action, resource) unless { \(generator.tangle(depth: 3)) };
        forbid(principal, action, resource) when { \(generator.tangle(depth: 3)) };
        """
      let policies = try PolicySet(parsing: text)
      let response = policies.partiallyAuthorized(
        PartialRequest(principal: user, action: Generator.actions[0], resourceType: "Doc"), entities: Entities())
      for a in states {
        for b in states {
          var attributes = Record()
          attributes["a"] = a
          attributes["b"] = b
          let document = Entity(uid: Generator.docs[0], attributes: attributes)
          let full = policies.isAuthorized(
            Request(principal: user, action: Generator.actions[0], resource: document.uid),
            entities: Entities([document]))
          let filled = response.respond(.init(resource: document))
          let context = "\(attributes):\n\(text)\nresidual: \(response.residual)"
          #expect(filled.decision == full.decision && filled.reasons == full.reasons, "\(context)")
          #expect(response.evaluate(attributes: attributes) == (full.decision == .allow), "\(context)")
        }
      }
    }
  }

  @Test("A printed policy parses to the same policy", arguments: 0..<4)
  func printing(part: Int) throws {
    for index in 0..<250 {
      var generator = Generator(seed: UInt64(90_000 + part * 1_000 + index))
      let policies = try PolicySet(parsing: generator.policies())
      let printed = policies.description
      let again = try PolicySet(parsing: printed)
      #expect(again.description == printed)
      for (first, second) in zip(policies.policies, again.policies) {
        #expect(first.conditions == second.conditions, "\(printed)")
      }
    }
  }
}
