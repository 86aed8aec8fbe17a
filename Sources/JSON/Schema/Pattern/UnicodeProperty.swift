/// A Unicode property that `\p{...}` may name, as far as the standard library knows it.
enum UnicodeProperty: Sendable {
  case any, ascii, assigned
  case categories([Unicode.GeneralCategory])
  case binary(Binary)

  enum Binary: String, Sendable, CaseIterable {
    case alphabetic = "Alphabetic"
    case asciiHexDigit = "ASCII_Hex_Digit"
    case cased = "Cased"
    case caseIgnorable = "Case_Ignorable"
    case dash = "Dash"
    case defaultIgnorable = "Default_Ignorable_Code_Point"
    case diacritic = "Diacritic"
    case emoji = "Emoji"
    case emojiModifier = "Emoji_Modifier"
    case emojiModifierBase = "Emoji_Modifier_Base"
    case emojiPresentation = "Emoji_Presentation"
    case extender = "Extender"
    case hexDigit = "Hex_Digit"
    case idContinue = "ID_Continue"
    case idStart = "ID_Start"
    case ideographic = "Ideographic"
    case lowercase = "Lowercase"
    case math = "Math"
    case noncharacter = "Noncharacter_Code_Point"
    case quotationMark = "Quotation_Mark"
    case uppercase = "Uppercase"
    case whiteSpace = "White_Space"
    case xidContinue = "XID_Continue"
    case xidStart = "XID_Start"
  }

  /// - Parameter text: what stands between the braces: `Lu`, `Letter`, `gc=Nd`, `Alphabetic`.
  init?(_ text: String) {
    var name = text
    for prefix in ["General_Category=", "gc="] where text.hasPrefix(prefix) { name = String(text.dropFirst(prefix.count)) }
    if let categories = Self.categories[name] {
      self = .categories(categories)
    } else if name != text {
      return nil
    } else if let binary = Binary(rawValue: name) ?? Self.shortNames[name] {
      self = .binary(binary)
    } else {
      switch name {
      case "Any": self = .any
      case "ASCII": self = .ascii
      case "Assigned": self = .assigned
      default: return nil
      }
    }
  }

  func holds(for scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .any: true
    case .ascii: scalar.isASCII
    case .assigned: scalar.properties.generalCategory != .unassigned
    case .categories(let categories): categories.contains(scalar.properties.generalCategory)
    case .binary(let binary): Self.holds(binary, scalar.properties)
    }
  }

  private static func holds(_ binary: Binary, _ properties: Unicode.Scalar.Properties) -> Bool {
    switch binary {
    case .alphabetic: properties.isAlphabetic
    case .asciiHexDigit: properties.isASCIIHexDigit
    case .cased: properties.isCased
    case .caseIgnorable: properties.isCaseIgnorable
    case .dash: properties.isDash
    case .defaultIgnorable: properties.isDefaultIgnorableCodePoint
    case .diacritic: properties.isDiacritic
    case .emoji: properties.isEmoji
    case .emojiModifier: properties.isEmojiModifier
    case .emojiModifierBase: properties.isEmojiModifierBase
    case .emojiPresentation: properties.isEmojiPresentation
    case .extender: properties.isExtender
    case .hexDigit: properties.isHexDigit
    case .idContinue: properties.isIDContinue
    case .idStart: properties.isIDStart
    case .ideographic: properties.isIdeographic
    case .lowercase: properties.isLowercase
    case .math: properties.isMath
    case .noncharacter: properties.isNoncharacterCodePoint
    case .quotationMark: properties.isQuotationMark
    case .uppercase: properties.isUppercase
    case .whiteSpace: properties.isWhitespace
    case .xidContinue: properties.isXIDContinue
    case .xidStart: properties.isXIDStart
    }
  }

  private static let shortNames: [String: Binary] = [
    "Alpha": .alphabetic, "AHex": .asciiHexDigit, "CI": .caseIgnorable, "DI": .defaultIgnorable, "Dia": .diacritic, "EMod": .emojiModifier,
    "EBase": .emojiModifierBase, "EPres": .emojiPresentation, "Ext": .extender, "Hex": .hexDigit, "IDC": .idContinue, "IDS": .idStart,
    "Ideo": .ideographic, "Lower": .lowercase, "NChar": .noncharacter, "QMark": .quotationMark, "Upper": .uppercase, "space": .whiteSpace,
    "XIDC": .xidContinue, "XIDS": .xidStart,
  ]

  /// The values of General_Category and their aliases (PropertyValueAliases.txt of the Unicode database).
  private static let categories: [String: [Unicode.GeneralCategory]] = {
    let single: [(String, String, Unicode.GeneralCategory)] = [
      ("Lu", "Uppercase_Letter", .uppercaseLetter), ("Ll", "Lowercase_Letter", .lowercaseLetter), ("Lt", "Titlecase_Letter", .titlecaseLetter),
      ("Lm", "Modifier_Letter", .modifierLetter), ("Lo", "Other_Letter", .otherLetter), ("Mn", "Nonspacing_Mark", .nonspacingMark),
      ("Mc", "Spacing_Mark", .spacingMark), ("Me", "Enclosing_Mark", .enclosingMark), ("Nd", "Decimal_Number", .decimalNumber),
      ("Nl", "Letter_Number", .letterNumber), ("No", "Other_Number", .otherNumber), ("Pc", "Connector_Punctuation", .connectorPunctuation),
      ("Pd", "Dash_Punctuation", .dashPunctuation), ("Ps", "Open_Punctuation", .openPunctuation), ("Pe", "Close_Punctuation", .closePunctuation),
      ("Pi", "Initial_Punctuation", .initialPunctuation), ("Pf", "Final_Punctuation", .finalPunctuation), ("Po", "Other_Punctuation", .otherPunctuation),
      ("Sm", "Math_Symbol", .mathSymbol), ("Sc", "Currency_Symbol", .currencySymbol), ("Sk", "Modifier_Symbol", .modifierSymbol),
      ("So", "Other_Symbol", .otherSymbol), ("Zs", "Space_Separator", .spaceSeparator), ("Zl", "Line_Separator", .lineSeparator),
      ("Zp", "Paragraph_Separator", .paragraphSeparator), ("Cc", "Control", .control), ("Cf", "Format", .format), ("Cs", "Surrogate", .surrogate),
      ("Co", "Private_Use", .privateUse), ("Cn", "Unassigned", .unassigned),
    ]
    let groups: [(String, String)] = [
      ("L", "Letter"), ("M", "Mark"), ("N", "Number"), ("P", "Punctuation"), ("S", "Symbol"), ("Z", "Separator"), ("C", "Other"),
    ]
    var all: [String: [Unicode.GeneralCategory]] = [:]
    for (short, long, category) in single {
      all[short] = [category]
      all[long] = [category]
    }
    for (short, long) in groups {
      let members = single.filter { $0.0.hasPrefix(short) }.map(\.2)
      all[short] = members
      all[long] = members
    }
    all["LC"] = [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]
    all["Cased_Letter"] = all["LC"]
    all["digit"] = all["Nd"]
    all["cntrl"] = all["Cc"]
    all["punct"] = all["P"]
    all["Combining_Mark"] = all["M"]
    return all
  }()
}
