internal import ConnectorKit

/// Cuts a query into words, literals and signs. What SOQL does not have at such a place (comments, semicolons, bind variables) is refused.
struct SOQLLexer {
  enum Token: Hashable {
    /// A name, a keyword, a span such as `LAST_N_DAYS:30`.
    case word(String)
    /// What stands between the quotes, as it was written.
    case text(String)
    /// A number, a date or a time.
    case number(String)
    case sign(String)
  }

  static let maximumBytes = 20_000

  static func tokens(_ text: String) throws(VendorError) -> [Token] {
    guard text.utf8.count <= maximumBytes else { throw VendorError(.refused, "A SOQL query has at most \(maximumBytes) bytes.") }
    var rest = Array(text.utf8)[...]
    var tokens: [Token] = []
    while let byte = rest.first {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: rest = rest.dropFirst()
      case UInt8(ascii: "'"): tokens.append(.text(try quoted(&rest)))
      case _ where SOQLName.isLetter(byte): tokens.append(.word(run(&rest) { SOQLName.isLetter($0) || SOQLName.isDigit($0) || "_.:".utf8.contains($0) }))
      case _ where SOQLName.isDigit(byte), UInt8(ascii: "-"), UInt8(ascii: "+"):
        let first = rest.removeFirst()
        tokens.append(.number(String(decoding: [first], as: UTF8.self) + run(&rest) { SOQLName.isDigit($0) || ".:-+TZeE".utf8.contains($0) }))
      case UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "="): tokens.append(.sign(String(decoding: [rest.removeFirst()], as: UTF8.self)))
      case UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"):
        let sign = run(&rest) { "!<>=".utf8.contains($0) }
        guard ["!=", "<>", "<", "<=", ">", ">="].contains(sign) else {
          throw VendorError(.refused, "The SOQL query has a sign \"\(sign.prefix(8))\" that SOQL does not know.")
        }
        tokens.append(.sign(sign == "<>" ? "!=" : sign))
      default:
        throw VendorError(
          .refused, "The SOQL query has a character that SOQL does not take there: \"\(String(decoding: rest.prefix(12), as: UTF8.self))\". Texts stand in single quotes."
        )
      }
    }
    return tokens
  }

  private static func run(_ rest: inout ArraySlice<UInt8>, _ belongs: (UInt8) -> Bool) -> String {
    let part = rest.prefix(while: belongs)
    rest = rest.dropFirst(part.count)
    return String(decoding: part, as: UTF8.self)
  }

  private static func quoted(_ rest: inout ArraySlice<UInt8>) throws(VendorError) -> String {
    rest = rest.dropFirst()
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "'"): return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let next = rest.popFirst(), "nNrRtTbBfF\"'\\_%".utf8.contains(next) else {
          throw VendorError(.refused, "The SOQL query has a backslash in a text that escapes nothing. Write it twice.")
        }
        bytes += [byte, next]
      default: bytes.append(byte)
      }
    }
    throw VendorError(.refused, "The SOQL query has a text that is not closed with a single quote.")
  }
}
