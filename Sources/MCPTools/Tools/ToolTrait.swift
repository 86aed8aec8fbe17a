public import JSON
public import MCP

/// Something to say of a tool beside its name, description and types.
public struct ToolTrait: Sendable {
  let apply: @Sendable (inout Tool) -> Void

  /// Any change to the tool.
  public init(_ apply: @escaping @Sendable (inout Tool) -> Void) { self.apply = apply }

  private static func hint<Value: Sendable>(
    _ hint: any WritableKeyPath<ToolAnnotations, Value?> & Sendable, _ value: Value
  ) -> ToolTrait {
    ToolTrait { tool in
      var annotations = tool.annotations ?? ToolAnnotations()
      annotations[keyPath: hint] = value
      tool.annotations = annotations
    }
  }

  /// Changes nothing.
  public static let readOnly = hint(\.readOnly, true)
  /// May remove or overwrite. This is what clients assume of a tool that says nothing.
  public static let destructive = hint(\.destructive, true)
  /// Only adds.
  public static let additive = hint(\.destructive, false)
  /// A second call with the same arguments changes nothing more.
  public static let idempotent = hint(\.idempotent, true)
  /// Deals with things outside the system that offers it, such as the web. This is what clients assume.
  public static let openWorld = hint(\.openWorld, true)
  /// Deals with one known system only.
  public static let closedWorld = hint(\.openWorld, false)

  /// A name for people.
  public static func title(_ title: String) -> ToolTrait { ToolTrait { $0.title = title } }
  /// Replaces the description that the doc comment gives.
  public static func description(_ description: String) -> ToolTrait { ToolTrait { $0.description = description } }
  /// Pictures of it, for people to see.
  public static func icons(_ icons: Icon...) -> ToolTrait { ToolTrait { $0.icons = icons } }
  /// JSON Schema of the result, for types that have none themselves, such as those that only encode, or in the place of theirs.
  public static func outputSchema(_ schema: JSONValue) -> ToolTrait { ToolTrait { $0.outputSchema = schema } }
  /// Whether calls become tasks (extension `io.modelcontextprotocol/tasks`): for functions that take long.
  public static func task(_ support: TaskSupport) -> ToolTrait { ToolTrait { $0.task = support } }
  /// A view for the results (MCP Apps), by the whole URI of its `UIResource`, such as `ui://budget/chart`.
  ///
  /// - Parameter visibility: who may call the tool; `[.app]` for one that only views call.
  public static func showing(uri: String, visibility: Set<UIToolMetadata.Visibility> = [.model, .app]) -> ToolTrait {
    ToolTrait { $0.ui = UIToolMetadata(resourceURI: uri, visibility: visibility) }
  }
  /// A member of the definition's `_meta`.
  public static func meta(_ key: String, _ value: JSONValue) -> ToolTrait {
    ToolTrait { tool in
      var meta = tool.meta ?? JSONObject()
      meta[key] = value
      tool.meta = meta
    }
  }
}
