import SwiftSyntax
import SwiftSyntaxMacros

/// Finds types that no JSON value can stand for, before the compiler complains of code that nobody wrote.
enum ValueTypeCheck {
  /// Whether `type` may be that of a parameter or property. If not, says so where it stands.
  static func accepts(_ type: TypeSyntax, of what: String, _ reporter: Reporter) -> Bool {
    if let attributed = type.as(AttributedTypeSyntax.self) {
      for specifier in attributed.specifiers where specifier.trimmedDescription == "inout" {
        reporter.report("inout", at: type, "\(what) cannot be inout: a call brings its arguments and takes nothing back. Return the new value instead.")
        return false
      }
      return accepts(attributed.baseType, of: what, reporter)
    }
    if let optional = type.as(OptionalTypeSyntax.self) { return accepts(optional.wrappedType, of: what, reporter) }
    if let array = type.as(ArrayTypeSyntax.self) { return accepts(array.element, of: what, reporter) }
    if let dictionary = type.as(DictionaryTypeSyntax.self) {
      guard dictionary.key.trimmedDescription == "String" || dictionary.key.trimmedDescription == "Swift.String" else {
        reporter.report(
          "dictionary-key", at: dictionary.key,
          "\(what) has keys that are not String, and the members of a JSON object have no other. Use [String: \(dictionary.value.trimmedDescription)].")
        return false
      }
      return accepts(dictionary.value, of: what, reporter)
    }
    if let tuple = type.as(TupleTypeSyntax.self) {
      if tuple.elements.count == 1, let only = tuple.elements.first { return accepts(only.type, of: what, reporter) }
      reporter.report("tuple", at: type, "\(what) cannot be a tuple. Declare a struct with these members and mark it @ToolInput.")
      return false
    }
    if type.is(FunctionTypeSyntax.self) {
      reporter.report("closure", at: type, "\(what) cannot be a function: JSON has none. Take what the function would be made from.")
      return false
    }
    if type.is(SomeOrAnyTypeSyntax.self) || ["Any", "AnyObject"].contains(type.trimmedDescription) {
      reporter.report("existential", at: type, "\(what) needs one concrete type, whose JSON Schema clients can be told. Use a ToolValue, or JSONValue for any JSON.")
      return false
    }
    if type.is(ImplicitlyUnwrappedOptionalTypeSyntax.self) {
      reporter.report("unwrapped", at: type, "\(what) may be left out by the caller: use `?` in place of `!`.")
      return false
    }
    if type.is(MetatypeTypeSyntax.self) {
      reporter.report("metatype", at: type, "\(what) cannot be a type. Take its name as a String or an enum.")
      return false
    }
    return true
  }
}
