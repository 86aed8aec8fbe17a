internal import SQLConnector

/// How the sample's tables are served: record types, entities and data categories.
enum CRMTables {
  static let all: [TableRules] = [
    TableRules(
      "accounts", description: "Companies that Northwind sells to.", recordType: "Account", entities: owner,
      categories: [
        "owner": "internal", "annual_revenue": "confidential",
      ], columns: ["annual_revenue": "The account's own revenue a year, in USD."]),
    TableRules(
      "opportunities", description: "Deals, open and closed.", recordType: "Opportunity", entities: owner,
      categories: [
        "owner": "internal", "forecast_category": "confidential", "forecast_amount": "confidential",
      ],
      columns: [
        "stage": "prospecting, qualification, proposal, negotiation, closed_won or closed_lost.", "amount": "Whole units of currency.",
        "close_date": "When it was closed or is expected to, YYYY-MM-DD.", "forecast_category": "omitted, pipeline, best_case, commit or closed.",
        "revenue": "What was booked, in whole units of currency; 0 unless won.",
      ]),
    TableRules(
      "contacts", description: "People at accounts.", recordType: "Contact", entities: owner,
      categories: [
        "owner": "internal", "email": "pii", "phone": "pii", "national_id": "pii", "card_number": "pii",
      ]),
    TableRules(
      "activities", description: "Calls, e-mails, meetings and notes.", recordType: "Activity", entities: owner, categories: ["owner": "internal"],
      columns: ["body": "Free text.", "opportunity_id": "Empty where it is about the account as such."]),
    TableRules(
      "employees", description: "Who works at Northwind, and for whom.", recordType: "Employee", entities: ["id": "User", "manager": "User"],
      categories: ["id": "internal", "manager": "internal"], columns: ["id": "The address of work, which is the user's id."]),
  ]

  private static let owner = ["owner": "User"]
}
