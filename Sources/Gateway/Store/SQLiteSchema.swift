import GRDB

/// The tables of `sluice.sqlite`. A released migration is never edited: a change is a further one.
enum SQLiteSchema {
  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 identity and quotas") { db in
      try db.execute(
        sql: """
          CREATE TABLE token (
            id TEXT PRIMARY KEY NOT NULL,
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            user TEXT NOT NULL,
            name TEXT NOT NULL,
            created INTEGER NOT NULL,
            expires INTEGER,
            lastUsed INTEGER,
            revoked INTEGER
          ) STRICT;
          CREATE INDEX token_user ON token (user);

          CREATE TABLE revokedSession (
            id TEXT PRIMARY KEY NOT NULL,
            expires INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE quota (
            meter TEXT NOT NULL,
            user TEXT NOT NULL,
            window INTEGER NOT NULL,
            count INTEGER NOT NULL CHECK (count >= 0),
            PRIMARY KEY (meter, user, window)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX quota_window ON quota (meter, window);

          CREATE TABLE key (
            name TEXT PRIMARY KEY NOT NULL,
            bytes BLOB NOT NULL CHECK (length(bytes) = 32)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2 tool pins") { db in
      try db.execute(
        sql: """
          CREATE TABLE toolPin (
            upstream TEXT NOT NULL,
            tool TEXT NOT NULL,
            accepted TEXT NOT NULL,
            offered TEXT NOT NULL,
            since INTEGER NOT NULL,
            PRIMARY KEY (upstream, tool)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    return migrator
  }()
}
