/// What a caller's `SELECT` may be made of. Whatever is not named here is refused.
enum SelectVocabulary {
  /// Functions that compute from their arguments alone (PostgreSQL, "Functions and Operators"). None reads or changes the state of the
  /// server, runs SQL from text, or makes values that are much larger than what it is given: no `repeat`, `lpad`, `format`,
  /// `query_to_xml`, `set_config`, `pg_*`.
  static let functions: Set<String> = [
    // Aggregates
    "count", "sum", "avg", "min", "max", "string_agg", "array_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "bool_and", "bool_or", "every",
    "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_r2", "regr_count",
    "mode", "percentile_cont", "percentile_disc", "bit_and", "bit_or",
    // Windows
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
    // Text
    "length", "char_length", "character_length", "octet_length", "lower", "upper", "initcap", "ltrim", "rtrim", "btrim", "left", "right", "substr", "strpos", "replace",
    "translate", "split_part", "reverse", "concat", "concat_ws", "starts_with", "ascii", "chr", "md5", "regexp_replace", "regexp_match", "regexp_count", "regexp_like",
    "regexp_substr", "regexp_instr", "regexp_split_to_array", "string_to_array", "array_to_string", "to_char", "to_date", "to_timestamp", "to_number", "quote_literal",
    "normalize", "encode",
    // Numbers
    "abs", "ceil", "ceiling", "floor", "round", "trunc", "sign", "sqrt", "cbrt", "exp", "ln", "log", "log10", "power", "mod", "div", "pi", "degrees", "radians",
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "width_bucket", "gcd", "lcm", "random",
    // Dates and times
    "now", "date_trunc", "date_part", "date_bin", "age", "make_date", "make_timestamp", "make_timestamptz", "make_interval", "justify_days", "justify_hours",
    "justify_interval", "isfinite", "statement_timestamp", "transaction_timestamp", "timezone",
    // Conditions
    "coalesce", "nullif", "greatest", "least", "num_nulls", "num_nonnulls",
    // JSON and arrays
    "to_json", "to_jsonb", "row_to_json", "json_build_object", "jsonb_build_object", "json_build_array", "jsonb_build_array", "json_array_length", "jsonb_array_length",
    "json_extract_path", "jsonb_extract_path", "json_extract_path_text", "jsonb_extract_path_text", "json_typeof", "jsonb_typeof", "jsonb_strip_nulls",
    "array_length", "array_position", "array_positions", "array_remove", "array_append", "array_prepend", "array_cat", "array_lower", "array_upper", "array_ndims",
    "cardinality",
    "unnest", "json_array_elements", "jsonb_array_elements", "json_array_elements_text", "jsonb_array_elements_text", "json_each", "jsonb_each", "json_each_text",
    "jsonb_each_text", "json_object_keys", "jsonb_object_keys", "generate_series", "generate_subscripts",
  ]

  /// Aggregates whose value grows with what they take in, and which PostgreSQL keeps whole in memory: how many bytes a byte of the
  /// arguments' text takes there at most, about.
  static let growing: [String: Int] = ["string_agg": 1, "array_agg": 2, "json_agg": 1, "json_object_agg": 1, "jsonb_agg": 16, "jsonb_object_agg": 16]

  /// Functions that may stand in FROM.
  static let tableFunctions: Set<String> = [
    "unnest", "json_array_elements", "jsonb_array_elements", "json_array_elements_text", "jsonb_array_elements_text", "json_each", "jsonb_each", "json_each_text",
    "jsonb_each_text", "json_object_keys", "jsonb_object_keys", "generate_series", "generate_subscripts",
  ]

  /// Types of casts, by their first word. None asks the catalog (`regclass` and the like).
  static let types: Set<String> = [
    "int", "integer", "int2", "int4", "int8", "smallint", "bigint", "numeric", "decimal", "real", "float", "float4", "float8", "double", "text", "varchar", "char",
    "character",
    "bool", "boolean", "date", "time", "timestamp", "timestamptz", "interval", "json", "jsonb", "uuid",
  ]

  /// Words that are no names without quotes (PostgreSQL, "SQL Key Words", reserved and those that may be a function or type), as far as
  /// they could be taken for one.
  static let reserved: Set<String> = [
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "between", "bigint", "binary", "bit", "boolean", "both", "case",
    "cast", "char",
    "character", "check", "coalesce", "collate", "collation", "column", "concurrently", "constraint", "create", "cross", "current_catalog", "current_date",
    "current_role",
    "current_schema", "current_time", "current_timestamp", "current_user", "dec", "decimal", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except",
    "exists", "extract", "false", "fetch", "filter", "float", "for", "foreign", "freeze", "from", "full", "grant", "greatest", "group", "grouping", "having", "ilike",
    "in",
    "initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is", "isnull", "join", "json_table", "lateral", "leading", "least", "left", "like",
    "limit",
    "localtime", "localtimestamp", "merge_action", "national", "natural", "nchar", "none", "normalize", "not", "notnull", "null", "nullif", "numeric", "offset", "on",
    "only", "or",
    "order", "out", "outer", "over", "overlaps", "overlay", "placing", "position", "precision", "primary", "real", "references", "returning", "right", "row", "select",
    "session_user", "setof", "similar", "smallint", "some", "substring", "symmetric", "system_user", "table", "tablesample", "then", "time", "timestamp", "to",
    "trailing",
    "treat", "trim", "true", "union", "unique", "user", "using", "values", "varchar", "variadic", "verbose", "when", "where", "window", "with", "within", "xmlattributes",
    "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
  ]
}
