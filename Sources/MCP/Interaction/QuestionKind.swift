/// What a server may ask of the client whose call it serves: the name of the capability that the client declares for it.
public enum QuestionKind: String, Sendable, CaseIterable {
  /// The user fills in a form or visits a page.
  case elicitation
  /// The client's model writes a message.
  case sampling
  /// The client names what may be worked on.
  case roots
}
