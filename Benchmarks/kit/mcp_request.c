#include "mcp_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODERN_VERSION "2026-07-28"
#define LEGACY_VERSION "2025-11-25"

enum { id_digits = 10 };

static const char id_prefix[] = "{\"jsonrpc\":\"2.0\",\"id\":";

bool target_is_call(const Target *target) { return strcmp(target->method, "tools/call") == 0; }

static void add_meta(Buffer *body) {
  buffer_text(body,
              "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" MODERN_VERSION
              "\",\"io.modelcontextprotocol/clientInfo\":{\"name\":\"loadgen\",\"version\":\"1\"},"
              "\"io.modelcontextprotocol/clientCapabilities\":{}}");
}

static void add_measured_json(Buffer *body, const Target *target) {
  bool is_call = target_is_call(target);
  buffer_format(body, "%s%u,\"method\":\"%s\",\"params\":{", id_prefix, FIRST_REQUEST_ID, target->method);
  if (target->modern) add_meta(body);
  if (target->modern && is_call) buffer_text(body, ",");
  if (is_call) buffer_format(body, "\"name\":\"%s\",\"arguments\":%s", target->tool, target->arguments);
  buffer_text(body, "}}");
}

static void add_modern_headers(Buffer *out, const Target *target) {
  buffer_format(out, "MCP-Protocol-Version: " MODERN_VERSION "\r\nMcp-Method: %s\r\n", target->method);
  if (target_is_call(target)) buffer_format(out, "Mcp-Name: %s\r\n", target->tool);
}

static void add_legacy_headers(Buffer *out, const char *session) {
  if (!session) return;
  buffer_text(out, "MCP-Protocol-Version: " LEGACY_VERSION "\r\n");
  if (session[0]) buffer_format(out, "Mcp-Session-Id: %s\r\n", session);
}

static void add_post(Buffer *out, const Target *target, const char *session, const char *json, size_t length) {
  buffer_format(out,
                "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                "Accept: application/json, text/event-stream\r\n",
                target->path, target->port);
  if (target->modern) add_modern_headers(out, target);
  else add_legacy_headers(out, session);
  if (target->headers.length) buffer_append(out, target->headers.bytes, target->headers.length);
  buffer_format(out, "Content-Length: %zu\r\n\r\n", length);
  buffer_append(out, json, length);
}

size_t request_measured(Buffer *out, const Target *target, const char *session) {
  Buffer body = {0};
  add_measured_json(&body, target);
  add_post(out, target, session, body.bytes, body.length);
  size_t offset = out->length - body.length + strlen(id_prefix);
  free(body.bytes);
  return offset;
}

void request_write_id(Buffer *request, size_t offset, uint32_t id) {
  for (size_t digit = id_digits; digit-- > 0; id /= 10) request->bytes[offset + digit] = (char)('0' + id % 10);
}

void request_handshake(Buffer *out, const Target *target, const char *session, const char *json) {
  add_post(out, target, session, json, strlen(json));
}

void request_initialize_json(char *json, size_t size, uint32_t id) {
  snprintf(json, size,
           "%s%u,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"" LEGACY_VERSION
           "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"loadgen\",\"version\":\"1\"}}}",
           id_prefix, id);
}
