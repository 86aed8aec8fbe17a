@_exported public import JSON
@_exported public import MCP
@_exported public import MCPTools

/// Makes the functions of a type that carry `@Tool`, `@Prompt` or `@Resource` the features of a server.
///
/// ```swift
/// @Tools struct Deployer {
///   /// Rolls a service out.
///   /// - Parameter service: The name of the service.
///   @Tool(.idempotent) func deploy(service: String, @Range(1...10) replicas: Int = 2) async throws -> Deployment { ... }
/// }
/// let server = Server(name: "deployer", Deployer())
/// ```
///
/// Names, schemas, defaults and descriptions come from the Swift declarations and their doc comments.
@attached(extension, conformances: Toolset)
@attached(
  member, names: named(tools), named(prompts), named(resources), named(resourceTemplates), named(Range), named(Length), named(Pattern), named(Format), named(Header)
)
public macro Tools() = #externalMacro(module: "MCPMacros", type: "ToolsMacro")

/// A function that models may call. It has the name of the function.
@attached(peer) public macro Tool(_ traits: ToolTrait...) = #externalMacro(module: "MCPMacros", type: "FeatureMacro")
/// A function that models may call under the name `name`: 1 to 128 of `A-Z a-z 0-9 _ - .`.
@attached(peer) public macro Tool(_ name: String, _ traits: ToolTrait...) = #externalMacro(module: "MCPMacros", type: "FeatureMacro")

/// A function that makes a message template for users. Its parameters are the arguments of the prompt.
///
/// - Parameter name: in place of the function's.
@attached(peer) public macro Prompt(_ name: String? = nil, title: String? = nil) = #externalMacro(module: "MCPMacros", type: "FeatureMacro")

/// A function that reads a resource. With variables, `weather://{city}/now`, it reads all resources of a template (RFC 6570), and its
/// parameters are the variables.
@attached(peer) public macro Resource(
  _ uri: String, name: String? = nil, title: String? = nil, mimeType: String? = nil
) = #externalMacro(module: "MCPMacros", type: "FeatureMacro")

/// Makes a struct, or an enum with payload, a `ToolObject`: what tools take and return as a JSON object.
///
/// ```swift
/// /// Where to deliver.
/// @ToolInput struct Address {
///   /// Street and number.
///   var street: String
///   @Pattern("^[0-9]{5}$") let zip: String
///   var country = "DE"
/// }
/// ```
///
/// An enum becomes one of several objects, which the member `tag` tells apart: `{"type": "circle", "radius": 2}`.
@attached(extension, conformances: ToolObject, ToolValue, CaseIterable, names: named(init), named(jsonValue))
@attached(member, names: named(schema), named(init), named(jsonValue))
public macro ToolInput(tag: String = "type") = #externalMacro(module: "MCPMacros", type: "ToolInputMacro")
