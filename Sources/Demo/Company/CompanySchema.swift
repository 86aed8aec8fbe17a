/// The tables of the sample company.
enum CompanySchema {
  static let sql = """
    CREATE TABLE employees (
      id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, team TEXT NOT NULL, region TEXT NOT NULL,
      manager TEXT REFERENCES employees(id)
    ) WITHOUT ROWID;
    CREATE TABLE accounts (
      id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL REFERENCES employees(id), team TEXT NOT NULL, region TEXT NOT NULL,
      industry TEXT NOT NULL, tier TEXT NOT NULL, annual_revenue INTEGER NOT NULL, website TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX accounts_owner ON accounts(owner);
    CREATE INDEX accounts_team ON accounts(team);
    CREATE TABLE opportunities (
      id TEXT NOT NULL PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id), account TEXT NOT NULL, name TEXT NOT NULL,
      owner TEXT NOT NULL REFERENCES employees(id), team TEXT NOT NULL, region TEXT NOT NULL, stage TEXT NOT NULL,
      closed BOOLEAN NOT NULL CHECK (closed IN (0, 1)), won BOOLEAN NOT NULL CHECK (won IN (0, 1)), amount INTEGER NOT NULL, currency TEXT NOT NULL,
      close_date TEXT NOT NULL, forecast_category TEXT NOT NULL, forecast_amount INTEGER NOT NULL, revenue INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX opportunities_owner ON opportunities(owner, closed);
    CREATE INDEX opportunities_team ON opportunities(team, closed);
    CREATE INDEX opportunities_account ON opportunities(account_id);
    CREATE INDEX opportunities_stage ON opportunities(stage);
    CREATE INDEX opportunities_amount ON opportunities(amount, id);
    CREATE INDEX opportunities_close_date ON opportunities(close_date, id);
    CREATE TABLE contacts (
      id TEXT NOT NULL PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id), account TEXT NOT NULL,
      owner TEXT NOT NULL REFERENCES employees(id), team TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,
      email TEXT NOT NULL, phone TEXT NOT NULL, national_id TEXT NOT NULL, card_number TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX contacts_owner ON contacts(owner);
    CREATE INDEX contacts_team ON contacts(team);
    CREATE INDEX contacts_account ON contacts(account_id);
    CREATE TABLE activities (
      id TEXT NOT NULL PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id), opportunity_id TEXT REFERENCES opportunities(id),
      owner TEXT NOT NULL REFERENCES employees(id), team TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, date TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX activities_owner ON activities(owner, date);
    CREATE INDEX activities_team ON activities(team, date);
    CREATE INDEX activities_account ON activities(account_id);
    CREATE INDEX activities_opportunity ON activities(opportunity_id);
    """

  /// Stages of an opportunity in their order; the last two close it.
  static let stages: [String] = ["prospecting", "qualification", "proposal", "negotiation", "closed_won", "closed_lost"]
  static let forecastCategories: [String] = ["omitted", "pipeline", "best_case", "commit", "closed"]
}
