import JSON
import MCP
import PostgresFixture
import Testing

@testable import SQLConnector

/// Free queries over PostgreSQL: what they may do, and that they reach nothing else.
@Suite(.serialized, .enabled(if: PostgresCluster.isInstalled, "\(PostgresCluster.skipReason)")) struct PostgresSelectTests {
  private static let schema = """
    CREATE TABLE people(id text PRIMARY KEY, name text NOT NULL, team text NOT NULL, ssn text NOT NULL, salary int NOT NULL, hired date NOT NULL, tags text[]);
    INSERT INTO people VALUES ('1', 'Ann', 'red', '987-65-4320', 10, '2020-01-02', '{a,b}'), ('2', 'Bob', 'blue', '987-65-4321', 20, '2021-01-02', NULL), \
    ('3', 'Cy', 'red', '987-65-4322', 30, '2022-03-04', '{b}');
    CREATE TABLE teams(id text PRIMARY KEY, name text NOT NULL);
    INSERT INTO teams VALUES ('red', 'Red team'), ('blue', 'Blue team');
    CREATE TABLE hidden(secret text);
    INSERT INTO hidden VALUES ('hunter2');
    CREATE VIEW everybody AS SELECT * FROM people;
    CREATE SEQUENCE counter;
    CREATE FUNCTION reveal(text) RETURNS text LANGUAGE sql AS 'SELECT secret FROM public.hidden LIMIT 1';
    CREATE FUNCTION whole(public.people) RETURNS text LANGUAGE sql AS 'SELECT secret FROM public.hidden LIMIT 1';
    CREATE OPERATOR @#@ (FUNCTION = reveal, RIGHTARG = text);
    """
  private static let database = Result { try DatabaseUnderTest(.postgres, schema, connections: 4) }
  private static let rules: [TableRules] = [
    TableRules("people", recordType: "Person", categories: ["ssn": "pii", "salary": "confidential"]), TableRules("teams", recordType: "Team"),
  ]
  private static let connector = Result { try database.get().connector(rules) }
  private static let red: JSONObject = [
    MetaKey.rows: ["Person": ["=", "team", "red"], "Team": ["true"]], MetaKey.clearance: ["public", "internal"],
  ]

  private func query(_ sql: String, meta: JSONObject = red) async throws -> ToolAnswer { try await Self.connector.get().query(sql, meta: meta) }

  @Test(
    "honest queries see the caller's rows, masked",
    arguments: [
      ("SELECT id, name, ssn, salary FROM people ORDER BY id", #"[["1","Ann","[masked]",null],["3","Cy","[masked]",null]]"#),
      ("SELECT count(*) FROM people", "[[2]]"), ("SELECT count(*), sum(salary), min(ssn) FROM People;", #"[[2,null,"[masked]"]]"#),
      ("SELECT p.name, t.name FROM people p JOIN teams t ON t.id = p.team ORDER BY 1", #"[["Ann","Red team"],["Cy","Red team"]]"#),
      ("SELECT people.name FROM people LEFT OUTER JOIN teams USING (id) ORDER BY people.name DESC NULLS LAST LIMIT 1 OFFSET 0", #"[["Cy"]]"#),
      ("WITH x AS (SELECT * FROM people) SELECT count(*) FROM x", "[[2]]"), ("WITH people AS (SELECT * FROM teams) SELECT count(*) FROM people", "[[2]]"),
      ("WITH people AS (SELECT * FROM people WHERE id = '1') SELECT count(*) FROM people", "[[1]]"),
      ("SELECT name FROM people WHERE name ILIKE 'a%' -- a comment", #"[["Ann"]]"#), ("SELECT 1; /* no /* thing */ */ ;", "[[1]]"),
      ("VALUES (1, 'x'), (2, 'y')", #"[[1,"x"],[2,"y"]]"#),
      (
        "SELECT name, row_number() OVER (PARTITION BY team ORDER BY name DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n FROM people ORDER BY 2",
        #"[["Cy",1],["Ann",2]]"#
      ),
      ("SELECT sum(1) OVER w FROM people WINDOW w AS (ORDER BY id)", "[[1],[2]]"),
      ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 4) SELECT string_agg(x::text, ',' ORDER BY x) FROM c", #"[["1,2,3,4"]]"#),
      ("SELECT count(*) FROM people a, people b, teams", "[[8]]"), ("SELECT * FROM (SELECT count(*) AS n FROM people) AS q(m)", "[[2]]"),
      ("SELECT upper(substring(name FROM 1 FOR 1)) || '.' FROM people WHERE EXISTS (SELECT 1 FROM teams WHERE teams.id = team) ORDER BY 1", #"[["A."],["C."]]"#),
      ("SELECT name FROM people UNION (SELECT name FROM teams) ORDER BY 1", #"[["Ann"],["Blue team"],["Cy"],["Red team"]]"#),
      ("SELECT count(*) FROM people WHERE ssn LIKE '987%'", "[[0]]"), ("SELECT count(*) FILTER (WHERE team = 'red') FROM people", "[[2]]"),
      (
        "SELECT extract(year FROM hired)::int, date_trunc('month', hired)::date FROM people WHERE hired >= DATE '2021-01-01' AND hired < now() - interval '1 day'",
        #"[[2022,"2022-03-01"]]"#
      ),
      (
        "SELECT CASE WHEN name = 'Ann' THEN 1 ELSE 2 END, name IN ('Ann', 'x'), name IS NOT DISTINCT FROM 'Ann' FROM people ORDER BY 1", "[[1,true,true],[2,false,false]]"
      ),
      ("SELECT name FROM people WHERE id = ANY (ARRAY['1', '9']) AND 'a' = ANY(tags) AND tags[1] = 'a' AND name NOT BETWEEN 'B' AND 'C'", #"[["Ann"]]"#),
      ("SELECT team, count(DISTINCT name) FROM people GROUP BY ROLLUP (team) HAVING count(*) > 0 ORDER BY 1 NULLS FIRST", #"[[null,2],["red",2]]"#),
      ("SELECT DISTINCT ON (team) name FROM people ORDER BY team, name", #"[["Ann"]]"#),
      ("SELECT name FROM people CROSS JOIN LATERAL (SELECT 1 AS one) l ORDER BY 1", #"[["Ann"],["Cy"]]"#),
      ("SELECT t.x FROM people, unnest(tags) AS t(x) ORDER BY 1", #"[["a"],["b"],["b"]]"#),
      ("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY length(name)) FROM people", "[[2.5]]"),
      ("SELECT (SELECT max(name) FROM people), ((1 + 2) * 3), -1, NOT true", #"[["Cy",9,-1,false]]"#), ("SELECT 'it''s \\ \"' AS \"a \"\"b\"", #"[["it's \\ \""]]"#),
      ("SELECT trim(both ' ' FROM ' x '), position('b' IN 'abc'), coalesce(NULL, 'y'), cast('3' AS int)", #"[["x",2,"y",3]]"#),
      ("SELECT '{\"a\": [1, 2.50]}'::jsonb -> 'a' ->> 1, jsonb_build_object('k', 1)", #"[["2.50",{"k":1}]]"#),
      ("SELECT name FROM people ORDER BY id FETCH FIRST 1 ROW ONLY", #"[["Ann"]]"#),
      ("SELECT timestamp with time zone '2020-01-01 00:00:00+02' AT TIME ZONE 'UTC'", "nothing"),
      (
        "SELECT p.row_to_json FROM people p WHERE id = '1'",
        #"[[{"id":"1","name":"Ann","team":"red","ssn":"[masked]","salary":null,"hired":"2020-01-02","tags":["a","b"]}]]"#
      ),
      ("SELECT p FROM people p WHERE id = '3'", #"[["(3,Cy,red,[masked],,2022-03-04,{b})"]]"#),
    ])
  func honest(sql: String, expected: String) async throws {
    let answer = try await query(sql)
    // Two words of the grammar that are left out have an ordinary form that is served.
    if expected == "nothing" { #expect(answer.isError && answer.text.contains("unexpected")); return }
    #expect(!answer.isError, "\(answer.text)")
    #expect(answer.rows == (try JSONValue(parsing: expected)), "\(answer.rows.text)")
  }

  @Test(
    "no statement reaches past what the caller may see",
    arguments: [
      // Other tables, other schemas, the catalog.
      "SELECT * FROM public.people", "SELECT * FROM \"public\".people", "SELECT count(*) FROM PUBLIC . people", "SELECT 1 AS public FROM public.people", "TABLE people",
      "TABLE hidden",
      "SELECT * FROM ONLY public.people", "SELECT * FROM hidden", "SELECT 1 FROM Hidden", "SELECT * FROM everybody", "SELECT * FROM pg_class",
      "SELECT * FROM \"pg_class\"",
      "SELECT * FROM pg_stat_activity", "SELECT * FROM pg_catalog.pg_shadow", "SELECT * FROM information_schema.tables", "SELECT * FROM pg_temp.people",
      "SELECT * FROM counter",
      "SELECT name FROM people UNION SELECT secret FROM hidden", "SELECT (SELECT secret FROM hidden)", "SELECT name FROM people WHERE EXISTS (SELECT 1 FROM hidden)",
      "SELECT name FROM people ORDER BY (SELECT secret FROM hidden)", "SELECT * FROM people JOIN public.hidden ON true", "SELECT * FROM people, hidden",
      "SELECT * FROM people, LATERAL hidden",
      "SELECT * FROM (people CROSS JOIN hidden)", "SELECT * FROM (public.people)", "SELECT name FROM people GROUP BY ROLLUP ((SELECT secret FROM hidden))",
      // Names that mean something else inside and outside of a statement.
      "WITH hidden AS (SELECT * FROM hidden) SELECT * FROM hidden", "WITH people AS (SELECT * FROM public.people) SELECT * FROM people",
      "SELECT * FROM pg_roles WHERE EXISTS (WITH pg_roles AS (SELECT 1) SELECT 1)", "WITH pg_roles AS (SELECT 1) SELECT * FROM pg_roles",
      "SELECT * FROM hidden WHERE EXISTS (WITH hidden AS (SELECT 1) SELECT 1)", "SELECT (WITH hidden AS (SELECT 1) SELECT 1) FROM hidden",
      "WITH a AS (WITH hidden AS (SELECT 1) SELECT 1) SELECT * FROM hidden",
      "SELECT people.ctid FROM people", "SELECT tableoid FROM people", "SELECT xmin FROM people",
      // Functions and operators.
      "SELECT reveal('x')", "SELECT public.reveal('x')", "SELECT \"reveal\"('x')", "SELECT whole(people) FROM people", "SELECT people.whole FROM people",
      "SELECT people.reveal FROM people",
      "SELECT @#@ 'x'", "SELECT 'x' OPERATOR(public.@#@) 'y'", "SELECT OPERATOR(pg_catalog.-) 1", "SELECT ('x').reveal", "SELECT (people).whole FROM people",
      "SELECT ('a'::text).pg_read_file",
      "SELECT pg_sleep(10)", "SELECT pg_catalog.pg_sleep(10)", "SELECT set_config('search_path', 'public', false)", "SELECT current_setting('search_path')",
      "SELECT pg_read_file('/etc/passwd')",
      "SELECT \"pg_read_file\"('/etc/passwd')", "SELECT lo_import('/etc/passwd')", "SELECT * FROM pg_ls_dir('/')", "SELECT * FROM dblink('', '') AS (a int)",
      "SELECT 1 FROM people, pg_ls_dir('/') AS (a text)",
      "SELECT DISTINCT ON (id) pg_read_file('x') FROM people", "SELECT * FROM ROWS FROM (pg_ls_dir('/'))", "SELECT * FROM LATERAL pg_ls_dir('/') x",
      "SELECT query_to_xml('SELECT * FROM hidden', true, true, '')", "SELECT table_to_xml('hidden', true, true, '')", "SELECT database_to_xml(true, true, '')",
      "SELECT xpath('/', '<a/>')",
      "SELECT nextval('counter')", "SELECT pg_notify('a', 'b')", "SELECT pg_advisory_lock(1)", "SELECT txid_current()", "SELECT version()", "SELECT current_user",
      "SELECT session_user", "SELECT user",
      "SELECT current_schema", "SELECT current_database()", "SELECT inet_server_addr()", "SELECT has_table_privilege('hidden', 'select')", "SELECT to_regclass('hidden')",
      "SELECT pg_terminate_backend(1)",
      "SELECT repeat('x', 1000000000)", "SELECT lpad('x', 1000000000)", "SELECT format('%1000000000s', 'x')", "SELECT gen_random_uuid()", "SELECT obj_description(1)",
      "SELECT pg_get_viewdef('everybody')",
      "SELECT ts_stat('SELECT secret FROM hidden')", "SELECT * FROM ts_stat('SELECT secret FROM hidden')", "SELECT cursor_to_xml('x', 1, true, true, '')",
      "SELECT json_populate_record(NULL::hidden, '{}')",
      // Types.
      "SELECT 'hidden'::regclass", "SELECT CAST('hidden' AS regclass)", "SELECT regclass 'hidden'", "SELECT 'hidden'::\"regclass\"", "SELECT '<a/>'::xml",
      "SELECT NULL::hidden", "SELECT NULL::public.hidden",
      "SELECT 'x'::pg_catalog.text", "SELECT int4 '1'", "SELECT name 'x'", "SELECT 'a'::oid::regproc",
      // Other statements.
      "INSERT INTO teams VALUES ('a', 'b')", "UPDATE people SET team = 'red'", "DELETE FROM people", "DROP TABLE people", "CREATE TABLE x(y int)",
      "SELECT * INTO x FROM people", "SELECT 1 INTO TEMP x",
      "CREATE TEMP TABLE x AS SELECT 1", "WITH x AS (DELETE FROM people RETURNING *) SELECT * FROM x",
      "WITH x AS (INSERT INTO teams VALUES ('a', 'b') RETURNING *) SELECT * FROM x", "COPY people TO '/tmp/x'",
      "COPY (SELECT 1) TO PROGRAM 'id'", "SET search_path = public", "RESET ALL", "SHOW ALL", "EXPLAIN SELECT 1", "EXPLAIN ANALYZE SELECT 1", "DO $$ BEGIN END $$",
      "CALL x()", "LISTEN a", "NOTIFY a", "BEGIN",
      "COMMIT", "ROLLBACK", "PREPARE x AS SELECT 1", "EXECUTE x", "DECLARE c CURSOR FOR SELECT 1", "LOCK people", "GRANT ALL ON people TO public", "VACUUM",
      "TRUNCATE people", "SELECT * FROM people FOR UPDATE",
      "SELECT * FROM people FOR SHARE OF people", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE people", "SELECT 1 \\; SELECT 2", "", ";", "-- nothing", "/* */", "SELECT",
      "(SELECT 1", "SELECT 1)", "SELECT 1) UNION (SELECT 2",
      "SELECT * FROM people TABLESAMPLE system (1)", "SELECT * FROM people AS x (a, b) WITH (nolock)", "SELECT 1 LIMIT 1) AS q; DROP TABLE people; --",
      // Ways to be read differently.
      "SELECT E'\\' OR secret FROM hidden --'", "SELECT U&'\\0041'", "SELECT U&\"\\0041\" FROM people", "SELECT $$x$$", "SELECT $1", "SELECT $a$ x $a$", "SELECT B'1'",
      "SELECT X'1F'", "SELECT N'x'",
      "SELECT 'a'\n'b'", "SELECT 1 -- \r secret FROM hidden", "SELECT /* /* */ secret FROM hidden */ 1 FROM hidden", "SELECT 1e", "SELECT 1x", "SELECT 1.2.3",
      "SELECT \"\" FROM people", "SELECT 'x", "SELECT \"x", "/* x",
      "SELECT 1\u{0}; SELECT 2", "SELECT * FROM people WHERE name = 'a\u{0}'", "SELECT \u{FF07}x\u{FF07} FROM hidden", "SELECT 1 FROM people p(reveal), hidden",
    ])
  func escapes(sql: String) async throws {
    let answer = try await query(sql)
    #expect(answer.isError, "\(answer.rows.text)")
    #expect(!answer.text.contains("hunter2") && !answer.text.contains("987-65") && !answer.text.contains("Bob"))
    #expect(try await query("SELECT count(*) FROM people", meta: [:]).rows == [[3]])
  }

  @Test(
    "a condition that fails for certain values does not tell of rows outside the caller's",
    arguments: [
      "SELECT count(*) FROM people WHERE 1 / (CASE WHEN name = 'Bob' THEN 0 ELSE 1 END) = 1",
      "SELECT count(*) FROM people WHERE 1 / (length(name) - 3 + (CASE WHEN name = 'Ann' THEN 1 ELSE 0 END)) IS NOT NULL",
      "SELECT count(*) FROM people p JOIN teams t ON 1 / (CASE WHEN p.name = 'Bob' THEN 0 ELSE 1 END) = 1",
      "SELECT max(1 / (CASE WHEN name = 'Bob' THEN 0 ELSE 1 END)) FROM people", "SELECT name FROM people ORDER BY 1 / (CASE WHEN name = 'Bob' THEN 0 ELSE 1 END)",
      "SELECT name FROM people GROUP BY name HAVING 1 / (CASE WHEN name = 'Bob' THEN 0 ELSE 1 END) = 1",
    ])
  func errorOracle(sql: String) async throws {
    let answer = try await query(sql)
    #expect(!answer.isError, "\(answer.text)")
  }

  @Test(
    "a table without rules, or with rules that cannot be read, has no rows",
    arguments: [#"{}"#, #"{"Person": 1}"#, #"{"Person": ["=", "nope", 1]}"#, #"{"Team": ["true"]}"#, "[]", "null", "true"])
  func noRules(rows: String) async throws {
    let answer = try await query("SELECT count(*) FROM people", meta: [MetaKey.rows: try JSONValue(parsing: rows)])
    #expect(answer.rows == [[0]], "\(answer.text)")
  }

  @Test(
    "hostile values in rules stay values",
    arguments: ["red' OR '1'='1", "red'); DROP TABLE people; --", "\" OR 1 --", "red\u{0}' OR 1 --", "'\u{301} OR 1=1 --", "red\\' OR 1=1 --", "$1"])
  func hostileRules(value: String) async throws {
    let answer = try await query("SELECT count(*) FROM people", meta: [MetaKey.rows: ["Person": ["=", "team", .string(value)]]])
    #expect(answer.isError || answer.rows == [[0]])
    #expect(try await query("SELECT count(*) FROM people", meta: [:]).rows == [[3]])
  }

  @Test("deep and long statements are refused, not crashed on") func excessive() async throws {
    for sql in [
      "SELECT " + String(repeating: "(", count: 9000) + "1" + String(repeating: ")", count: 9000), "SELECT " + String(repeating: "ARRAY[", count: 3000),
      String(repeating: "SELECT (", count: 2000),
      "SELECT * FROM " + String(repeating: "(", count: 9000), "SELECT 1" + String(repeating: " IS NULL", count: 2400),
      "SELECT " + String(repeating: "NOT ", count: 4500) + "true",
      "SELECT 1" + String(repeating: " ", count: 30_000),
    ] { #expect(try await query(sql).isError || sql.contains("NOT") || sql.contains("IS NULL")) }
  }

  @Test("a plan tells callers who see some rows neither the rules nor what is estimated of the others") func explain() async throws {
    let connector = try Self.connector.get()
    let whole = try await connector.call("explain", ["sql": "SELECT * FROM people WHERE name = 'Ann'"])
    #expect(whole.text.contains("Filter") && whole.text.contains("rows="), "\(whole.text)")
    let governed = try await connector.call("explain", ["sql": "SELECT * FROM people WHERE name = 'Ann'"], meta: Self.red)
    #expect(
      governed.text.contains("Scan on people") && !governed.text.contains("Filter") && !governed.text.contains("rows=") && !governed.text.contains("red"),
      "\(governed.text)")
    #expect(try await connector.call("explain", ["sql": "SELECT * FROM hidden"]).isError)
  }
}
