/// A connector before one page of records.
enum ListedPage: String, CaseIterable, Sendable {
  case slack, github, jira
  case googleDrive = "google_drive"
  case salesforce, openapi, files, sqlite, postgres
}
