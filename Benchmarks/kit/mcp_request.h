// The HTTP requests of an MCP client in either era.
#ifndef KIT_MCP_REQUEST_H
#define KIT_MCP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

// Ids have ten digits from the first to the last, so a request keeps its length and only its id is written over.
#define FIRST_REQUEST_ID 1000000000u

// What is asked of whom.
typedef struct {
  int port;
  const char *path;
  bool modern;  // stateless 2026-07-28; else 2025-11-25 with a session
  const char *method;
  const char *tool;       // for tools/call
  const char *arguments;  // JSON, for tools/call
  Buffer headers;         // further header lines
} Target;

bool target_is_call(const Target *target);

// Appends the measured request and returns where its id starts. Legacy: the session is NULL before initialize was
// answered, and empty when the answer brought no session id.
size_t request_measured(Buffer *out, const Target *target, const char *session);
void request_write_id(Buffer *request, size_t offset, uint32_t id);

// Appends a POST of one legacy handshake message.
void request_handshake(Buffer *out, const Target *target, const char *session, const char *json);
void request_initialize_json(char *json, size_t size, uint32_t id);

#endif
