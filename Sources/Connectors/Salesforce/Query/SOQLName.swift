internal import ConnectorKit

/// Names of objects and fields, and ids: whatever becomes part of a query or a path is one of these or a literal.
enum SOQLName {
  /// An object or a field: a letter, then letters, digits and underscores.
  static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 80 else { return false }
    return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
  }

  /// A field, with at most five relationships in front: `Account.Owner.Name`.
  static func isPath(_ text: some StringProtocol) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count <= 6 && parts.allSatisfy { isName($0) }
  }

  /// 15 or 18 letters and digits.
  static func isID(_ text: String) -> Bool {
    (text.utf8.count == 15 || text.utf8.count == 18) && text.utf8.allSatisfy { isLetter($0) || isDigit($0) }
  }

  static func object(_ text: String) throws(VendorError) -> String {
    guard isName(text) else {
      throw VendorError(.refused, "\"\(text.prefix(80))\" is no name of an object. Names are like Account or Invoice__c; list_objects tells which there are.")
    }
    return text
  }

  static func field(_ text: String) throws(VendorError) -> String {
    guard isPath(text) else {
      throw VendorError(
        .refused, "\"\(text.prefix(80))\" is no name of a field. Names are like StageName, Region__c or Account.Name; describe_object tells which there are.")
    }
    return text
  }

  static func id(_ text: String) throws(VendorError) -> String {
    guard isID(text) else { throw VendorError(.refused, "\"\(text.prefix(80))\" is no record id: those have 15 or 18 letters and digits.") }
    return text
  }

  static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
