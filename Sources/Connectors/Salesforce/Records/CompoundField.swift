/// Fields that are made of others: addresses, places and names.
enum CompoundField {
  private static let addressParts = [
    "street", "city", "statecode", "state", "postalcode", "countrycode", "country", "latitude", "longitude", "geocodeaccuracy",
  ]
  private static let nameParts: Set<String> = ["firstname", "lastname", "middlename", "suffix", "salutation", "informalname"]

  /// Definitions are of whole addresses, places and names: `BillingCity` is part of `BillingAddress`, `Place__Latitude__s` of `Place__c`.
  static func whole(ofPart name: String) -> String? {
    if nameParts.contains(name) { return "name" }
    if name.hasSuffix("__s"), let end = name.dropLast(3).ranges(of: "__").last { return String(name[..<end.lowerBound]) + "__c" }
    guard !name.contains("__"), let part = addressParts.first(where: { name.hasSuffix($0) }) else { return nil }
    return String(name.dropLast(part.utf8.count)) + "address"
  }
}
