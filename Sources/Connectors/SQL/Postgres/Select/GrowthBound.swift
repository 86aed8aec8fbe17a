/// Counts, row by row while a statement runs, what growing aggregates take in, and ends the statement where it is too much.
///
/// PostgreSQL keeps the value of `string_agg` and its like in memory, beyond `work_mem`, up to 1 GB for each group; nothing that a session can
/// set bounds that. So each of them gets a `FILTER` that adds the bytes of its arguments to a setting of the transaction: a custom
/// one, which any role may set, also where nothing may be written (PostgreSQL, "Customized Options"), and which a caller's statement
/// cannot, since `set_config` is not among its functions. All aggregates and groups of the statement count together.
struct GrowthBound {
  /// The arguments as they stand in the statement.
  let arguments: [[SQLFragment.Part]]
  /// Of ``SelectVocabulary/growing``.
  let weight: Int
  /// The most that all may take in.
  let bytes: Int

  /// The setting that counts. It also stands in the error, by which ``PostgresFailure`` knows it.
  static let setting = "sluice.gathered"
  /// What an element takes besides its bytes, about.
  private static let overhead = 48

  /// True for a row that still fits; for one that does not the statement fails.
  var condition: SQLFragment {
    let known = "coalesce(nullif(pg_catalog.current_setting('\(Self.setting)', true), ''), '0')::int8"
    var parts: [SQLFragment.Part] = [.sql("CASE WHEN pg_catalog.set_config('\(Self.setting)', (\(known) + \(Self.overhead) + \(weight) * (0 ")]
    for argument in arguments {
      parts.append(.sql("+ coalesce(pg_catalog.octet_length(("))
      parts += argument
      parts.append(.sql(")::text), 0) "))
    }
    // A text that is no boolean: the only error that a plain expression can raise with words of ours.
    parts.append(
      .sql("))::text, true)::int8 <= \(bytes) THEN TRUE ELSE ('\(Self.setting) ' || pg_catalog.current_setting('\(Self.setting)', true))::bool END "))
    return SQLFragment(parts: parts)
  }
}
