// HTTP/1.1 framing for both ends: a growable buffer, and where the first message in it ends.
#ifndef KIT_HTTP_H
#define KIT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  char *bytes;
  size_t length;
  size_t capacity;
} Buffer;

void buffer_reserve(Buffer *buffer, size_t room);
void buffer_append(Buffer *buffer, const void *bytes, size_t length);
void buffer_text(Buffer *buffer, const char *text);
void buffer_format(Buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_drop_front(Buffer *buffer, size_t length);

// A message inside a buffer; valid until the buffer changes.
typedef struct {
  const char *head;
  size_t head_length;
  char *body;
  size_t body_length;
  size_t total_length;
} HttpMessage;

typedef enum { HTTP_PARTIAL, HTTP_COMPLETE, HTTP_BROKEN } HttpFraming;

// Frames by Content-Length or chunks (RFC 9112 section 6); a message with neither has no body. Chunks are joined in
// place once the last one is in.
HttpFraming http_frame(Buffer *buffer, HttpMessage *message);

// The value of a header, trimmed; the name is matched without case.
bool http_header(const HttpMessage *message, const char *name, const char **value, size_t *length);
bool http_header_equals(const HttpMessage *message, const char *name, const char *value);
bool http_header_contains(const HttpMessage *message, const char *name, const char *part);

int http_status(const HttpMessage *response);

#endif
