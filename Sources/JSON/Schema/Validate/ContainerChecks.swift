/// The keywords of objects and arrays.
extension SchemaValidation {
  mutating func check(_ plan: ObjectPlan, _ object: Int, tracking: Bool) -> Bool {
    var isValid = true
    var seen: UInt64 = 0
    var count = 0
    let end = Int(view[object].next)
    var name = object + 1
    while name < end {
      let value = name + 1
      count += 1
      work -= 1
      if !checkMember(plan, name, value, &seen, object, tracking: tracking) {
        isValid = false
        if !isExplaining || work < 0 { return false }
      }
      name = Int(view[value].next)
    }
    if !checkRequired(plan, object, seen) { isValid = false }
    if count < plan.least {
      report("minProperties", plan.keywords.least, object, "must have at least \(SchemaText.count(plan.least, "property")), has \(count)")
      isValid = false
    }
    if count > plan.most {
      report("maxProperties", plan.keywords.most, object, "must have at most \(SchemaText.count(plan.most, "property")), has \(count)")
      isValid = false
    }
    return isValid
  }

  @inline(__always)
  private mutating func checkMember(
    _ plan: ObjectPlan, _ name: Int, _ value: Int, _ seen: inout UInt64, _ object: Int, tracking: Bool
  ) -> Bool {
    var isValid = true
    var isKnown = false
    var left = work
    let index = view.withString(name) { plan.names.find($0, &left) }
    work = left
    if index >= 0 {
      let property = plan.properties[index]
      if property.required >= 0, property.required < 64 { seen |= 1 << UInt64(property.required) }
      if property.schema >= 0 {
        isKnown = true
        if !apply(property.schema, value, tracking: false) { isValid = false }
      }
    }
    if !plan.patterns.isEmpty {
      for (pattern, schema) in plan.patterns where matches(pattern: pattern, name) {
        isKnown = true
        if !apply(schema, value, tracking: false) { isValid = false }
      }
    }
    if !isKnown, plan.additional >= 0 {
      isKnown = true
      if !checkAdditional(plan, name, value, object) { isValid = false }
    }
    if isKnown, tracking { evaluated.append(Int32(truncatingIfNeeded: value)) }
    if plan.propertyNames >= 0, !apply(plan.propertyNames, name, tracking: false) {
      if isExplaining { explainName(plan, name, object) }
      isValid = false
    }
    return isValid
  }

  @inline(__always)
  private mutating func matches(pattern: Int32, _ name: Int) -> Bool { matches(Int(pattern), name) }

  private mutating func checkAdditional(_ plan: ObjectPlan, _ name: Int, _ value: Int, _ object: Int) -> Bool {
    let schema = schemas[Int(plan.additional)]
    guard schema.first == schema.end, !schema.accepts else { return apply(plan.additional, value, tracking: false) }
    guard isExplaining else { return false }
    let known = SchemaText.names(plan)
    let expected = known.isEmpty ? "it takes none" : "known are \(known)"
    let unknown = SchemaText.shortened(name: view.string(name))
    report(
      "additionalProperties", plan.keywords.additional, object, property: unknown, expected: expected,
      "must not have the property \"\(unknown)\": \(expected)")
    return false
  }

  /// What was said about a member's name is said anew, as a violation of the object.
  private mutating func explainName(_ plan: ObjectPlan, _ name: Int, _ object: Int) {
    let reasons = findings.filter { $0.node == name }.map(\.message)
    findings.removeAll { $0.node == name }
    let shown = SchemaText.shortened(name: view.string(name))
    let reason = reasons.first.map { "the name \($0)" } ?? "the name does not fit the schema for names"
    report("propertyNames", plan.keywords.propertyNames, object, property: shown, "must not have the property \"\(shown)\": \(reason)")
  }

  private mutating func checkRequired(_ plan: ObjectPlan, _ object: Int, _ seen: UInt64) -> Bool {
    let count = plan.required.count
    guard count > 0 else { return true }
    if count <= 64, seen == UInt64.max >> UInt64(64 - count) { return true }
    var isValid = true
    for (index, name) in plan.required.enumerated() {
      if index < 64 {
        if seen >> UInt64(index) & 1 == 1 { continue }
      } else {
        work -= 1
        if plan.names[Int(name)].withUnsafeBufferPointer({ view.member($0, of: object) }) != nil { continue }
      }
      isValid = false
      guard isExplaining else { return false }
      let missing = SchemaText.shortened(name: String(decoding: plan.names[Int(name)], as: UTF8.self))
      let schema = plan.properties[Int(name)].schema
      let types = schema < 0 ? nil : SchemaText.types(of: schema, program)
      report(
        "required", plan.keywords.required, object, property: missing, expected: types,
        "lacks the required property \"\(missing)\"\(types.map { " (\($0))" } ?? "")")
    }
    return isValid
  }

  mutating func checkDependents(_ index: Int, _ object: Int, tracking: Bool) -> Bool {
    var isValid = true
    for dependent in program.tables.dependents[index] {
      work -= 1
      guard dependent.name.withUnsafeBufferPointer({ view.member($0, of: object) }) != nil else { continue }
      for name in dependent.required where name.withUnsafeBufferPointer({ view.member($0, of: object) }) == nil {
        isValid = false
        guard isExplaining else { return false }
        let missing = SchemaText.shortened(name: String(decoding: name, as: UTF8.self))
        let present = SchemaText.shortened(name: String(decoding: dependent.name, as: UTF8.self))
        report(
          "dependentRequired", dependent.place, object, property: missing, "lacks the property \"\(missing)\", which is required where \"\(present)\" is")
      }
      if dependent.schema >= 0, !apply(dependent.schema, object, tracking: tracking) {
        isValid = false
        if !isExplaining { return false }
      }
    }
    return isValid
  }

  // MARK: Arrays

  mutating func check(_ plan: ArrayPlan, _ array: Int, tracking: Bool) -> Bool {
    var isValid = true
    var count = 0
    var contained = 0
    let end = Int(view[array].next)
    var element = array + 1
    while element < end {
      work -= 1
      let schema = count < plan.prefix.count ? plan.prefix[count] : plan.items
      var isEvaluated = schema >= 0
      if schema >= 0, !apply(schema, element, tracking: false) {
        isValid = false
        if !isExplaining || work < 0 { return false }
      }
      if plan.contains >= 0, test(plan.contains, element, tracking: false) {
        contained += 1
        isEvaluated = true
      }
      if isEvaluated, tracking { evaluated.append(Int32(truncatingIfNeeded: element)) }
      count += 1
      element = Int(view[element].next)
    }
    if count < plan.least {
      report("minItems", plan.keywords.least, array, "must have at least \(SchemaText.count(plan.least, "element")), has \(count)")
      isValid = false
    }
    if count > plan.most {
      report("maxItems", plan.keywords.most, array, "must have at most \(SchemaText.count(plan.most, "element")), has \(count)")
      isValid = false
    }
    if plan.contains >= 0 {
      let what = "\(isExplaining ? SchemaText.expectation(of: plan.contains, program, isNegated: false) : "")"
      if contained < plan.leastContained {
        report(
          plan.leastContained == 1 ? "contains" : "minContains", plan.leastContained == 1 ? plan.keywords.contains : plan.keywords.leastContained, array,
          "must contain at least \(SchemaText.count(plan.leastContained, "element")) that \(plan.leastContained == 1 ? "is" : "are") \(what), has \(contained)")
        isValid = false
      }
      if contained > plan.mostContained {
        report(
          "maxContains", plan.keywords.mostContained, array,
          "must contain at most \(SchemaText.count(plan.mostContained, "element")) that \(plan.mostContained == 1 ? "is" : "are") \(what), has \(contained)")
        isValid = false
      }
    }
    if plan.areUnique {
      var left = work
      let duplicates = view.duplicates(in: array, &left)
      work = left
      if let (one, other) = duplicates {
        report("uniqueItems", plan.keywords.unique, array, "must not have equal elements: those at \(one) and \(other) are")
        isValid = false
      }
    }
    return isValid
  }

  // MARK: What is left

  mutating func checkUnevaluated(_ schema: Int32, _ at: Int, _ container: Int, since mark: Int, tracking: Bool) -> Bool {
    let isObject = view[container].kind == .object
    // Entered in the order of keywords, asked in the order of the text.
    evaluated[mark...].sort()
    var next = mark
    let known = evaluated.count
    var isValid = true
    var child = container + 1
    let end = Int(view[container].next)
    while child < end {
      let value = isObject ? child + 1 : child
      work -= 1
      while next < known, Int(evaluated[next]) < value { next += 1 }
      if next >= known || Int(evaluated[next]) != value {
        if !checkLeft(schema, at, container, child, value, isObject: isObject) {
          isValid = false
          if !isExplaining || work < 0 { return false }
        }
        if tracking { evaluated.append(Int32(truncatingIfNeeded: value)) }
      }
      child = Int(view[value].next)
    }
    return isValid
  }

  private mutating func checkLeft(_ number: Int32, _ at: Int, _ container: Int, _ child: Int, _ value: Int, isObject: Bool) -> Bool {
    let schema = schemas[Int(number)]
    guard schema.first == schema.end, !schema.accepts else { return apply(number, value, tracking: false) }
    guard isExplaining else { return false }
    if isObject {
      let name = SchemaText.shortened(name: view.string(child))
      report("unevaluatedProperties", program.places[at], container, property: name, "must not have the property \"\(name)\": no part of the schema knows it")
    } else {
      report("unevaluatedItems", program.places[at], value, "must not be there: the array has too many elements")
    }
    return false
  }
}
