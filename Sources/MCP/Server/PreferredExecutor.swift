/// Where the current task runs, for tasks of their own that go on there: an unstructured task does not inherit it.
public enum PreferredExecutor {
  /// The task executor that the current task prefers; nil where it has none, or the system cannot tell.
  public static var current: (any TaskExecutor)? {
    guard #available(macOS 26.4, iOS 26.4, watchOS 26.4, tvOS 26.4, visionOS 26.4, *) else { return nil }
    return withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
  }
}
