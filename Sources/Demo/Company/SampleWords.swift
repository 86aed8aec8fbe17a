/// The words that the sample company is made of.
enum SampleWords {
  static let givenNames: [String] = [
    "Ada", "Adam", "Aisha", "Alan", "Amara", "Anders", "Anika", "Anna", "Arjun", "Beatriz", "Ben", "Bruno", "Carla", "Chloe", "Dario", "David", "Elena",
    "Emeka", "Emma", "Erik", "Fatima", "Felix", "Fiona", "George", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jamal", "Jonas", "Julia", "Kai", "Karin",
    "Kenji", "Lars", "Laura", "Leila", "Lin", "Lucas", "Mara", "Marco", "Mei", "Mia", "Nadia", "Nils", "Noor", "Oscar", "Paula", "Peter", "Quinn", "Rafael",
    "Rosa", "Ruth", "Samir", "Sara", "Sofia", "Tariq", "Tomas", "Uma", "Vera", "Viktor", "Yara", "Yusuf", "Zoe",
  ]
  static let familyNames: [String] = [
    "Abbott", "Adeyemi", "Almeida", "Andersen", "Bauer", "Becker", "Bianchi", "Brandt", "Castillo", "Costa", "Dubois", "Eriksson", "Farah", "Fischer", "Fontaine",
    "Garcia", "Gupta", "Hansen", "Haddad", "Hoffmann", "Ibrahim", "Ito", "Jansen", "Johansson", "Kaur", "Keller", "Khan", "Kim", "Kowalski", "Larsen", "Lopez",
    "Mahmoud", "Martin", "Mendes", "Meyer", "Moreau", "Mori", "Mwangi", "Nakamura", "Nguyen", "Novak", "Okoye", "Olsen", "Patel", "Pereira", "Rahman", "Reyes",
    "Rossi", "Sato", "Schmidt", "Silva", "Singh", "Sokolov", "Suzuki", "Tanaka", "Torres", "Vargas", "Virtanen", "Wagner", "Walsh", "Weber", "Wong", "Yilmaz", "Zhang",
  ]
  static let companyFirst: [String] = [
    "Alder", "Amber", "Apex", "Arbor", "Aster", "Atlas", "Aurora", "Basalt", "Beacon", "Birch", "Boreal", "Brook", "Canyon", "Cedar", "Cinder", "Cobalt", "Copper",
    "Coral", "Crescent", "Delta", "Ember", "Falcon", "Fern", "Fjord", "Garnet", "Glacier", "Granite", "Harbor", "Hazel", "Heron", "Indigo", "Iron", "Juniper",
    "Kestrel", "Lark", "Linden", "Lumen", "Maple", "Meridian", "Mistral", "Nimbus", "North", "Oak", "Onyx", "Orchard", "Osprey", "Pine", "Prairie", "Quartz",
    "Raven", "Ridge", "River", "Sable", "Sage", "Sierra", "Silver", "Slate", "Summit", "Tidal", "Timber", "Umber", "Vale", "Willow", "Zephyr",
  ]
  static let companySecond: [String] = [
    "bridge", "crest", "field", "forge", "gate", "haven", "land", "light", "line", "mark", "mill", "peak", "point", "port", "shore", "side", "span", "stone",
    "view", "ward", "water", "way", "wood", "works", "yard",
  ]
  static let companyLast: [String] = [
    "Analytics", "Foods", "Freight", "Health", "Holdings", "Industries", "Insurance", "Labs", "Logistics", "Media", "Mobility", "Partners", "Retail", "Systems",
  ]
  static let industries: [String] = [
    "Manufacturing", "Retail", "Healthcare", "Financial services", "Logistics", "Energy", "Public sector", "Media", "Technology", "Education",
  ]
  static let tiers: [String] = ["enterprise", "mid-market", "small business"]
  static let products: [String] = ["Platform", "Analytics", "Data residency", "Premium support", "Integration pack", "Field app", "Compliance suite", "Training"]
  static let deals: [String] = ["New business", "Renewal", "Expansion", "Pilot", "Migration"]
  static let titles: [String] = [
    "Chief Information Officer", "Head of Procurement", "IT Manager", "Operations Director", "Data Protection Officer", "Finance Director", "Solutions Architect",
    "Buyer",
    "Head of Engineering", "Office Manager",
  ]
  static let subjects: [String] = [
    "Intro call", "Demo", "Pricing", "Security review", "Contract redlines", "Renewal check-in", "Technical workshop", "Quarterly review", "Onboarding", "Escalation",
  ]
  static let notes: [String] = [
    "They want a decision before the end of the quarter.", "Budget is approved, the legal review is still open.", "Asked for references from the same industry.",
    "Concerned about the time to roll out; sent the migration plan.", "Champion is leaving next month, need a second contact.",
    "Security questionnaire returned, two open points.",
    "Would like a three-year price.", "No decision yet, follow up in two weeks.", "Very happy with support, open to an expansion.",
    "Competitor offered a lower price; value talk scheduled.",
  ]
}
