import JSON
import MCP

/// The resources and the resource template.
enum Resources {
  static func add(to server: Server) throws {
    server.add(
      Resource(
        uri: "test://static-text", name: "Static Text Resource", description: "A static text resource for testing", mimeType: "text/plain", size: 48,
        annotations: Annotations(audience: [.user, .assistant], priority: 0.5)
      ) { _ in .text("This is the content of the static text resource.") })
    server.add(
      Resource(
        uri: "test://static-binary", name: "Static Binary Resource", description: "A static binary resource (image) for testing",
        mimeType: "image/png", size: Samples.png.count
      ) { _ in .blob(Samples.png) })
    server.add(
      Resource(uri: "test://watched-resource", name: "Watched Resource", description: "A resource that can be subscribed to", mimeType: "text/plain") { _ in
        .text("Watched resource content")
      })
    server.add(
      try ResourceTemplate(
        uriTemplate: "test://template/{id}/data", name: "Resource Template", description: "A resource template with parameter substitution",
        mimeType: "application/json"
      ) { read in
        let id = read["id"] ?? ""
        let data: JSONValue = ["id": .string(id), "templateTest": true, "data": .string("Data for ID: \(id)")]
        return .text(data.text)
      })
  }
}
