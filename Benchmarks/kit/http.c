#define _GNU_SOURCE
#include "http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const size_t head_limit = 64 * 1024;

void buffer_reserve(Buffer *buffer, size_t room) {
  size_t needed = buffer->length + room;
  if (needed <= buffer->capacity) return;
  size_t capacity = needed * 2;
  char *bytes = realloc(buffer->bytes, capacity);
  if (!bytes) {
    perror("realloc");
    exit(1);
  }
  buffer->bytes = bytes;
  buffer->capacity = capacity;
}

void buffer_append(Buffer *buffer, const void *bytes, size_t length) {
  buffer_reserve(buffer, length);
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

void buffer_text(Buffer *buffer, const char *text) { buffer_append(buffer, text, strlen(text)); }

void buffer_format(Buffer *buffer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);

  buffer_reserve(buffer, (size_t)length + 1);
  va_start(arguments, format);
  vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, arguments);
  va_end(arguments);
  buffer->length += (size_t)length;
}

void buffer_drop_front(Buffer *buffer, size_t length) {
  buffer->length -= length;
  if (buffer->length > 0) memmove(buffer->bytes, buffer->bytes + length, buffer->length);
}

bool http_header(const HttpMessage *message, const char *name, const char **value, size_t *length) {
  size_t name_length = strlen(name);
  const char *end = message->head + message->head_length;
  const char *line_end = memchr(message->head, '\n', message->head_length);
  while (line_end) {
    const char *line = line_end + 1;
    line_end = memchr(line, '\n', (size_t)(end - line));
    if (!line_end) return false;
    if ((size_t)(line_end - line) <= name_length || line[name_length] != ':') continue;
    if (strncasecmp(line, name, name_length) != 0) continue;

    const char *start = line + name_length + 1;
    const char *stop = line_end;
    while (start < stop && *start == ' ') start++;
    while (stop > start && (stop[-1] == '\r' || stop[-1] == ' ')) stop--;
    *value = start;
    *length = (size_t)(stop - start);
    return true;
  }
  return false;
}

bool http_header_equals(const HttpMessage *message, const char *name, const char *wanted) {
  const char *value;
  size_t length;
  if (!http_header(message, name, &value, &length)) return false;
  return strlen(wanted) == length && strncasecmp(value, wanted, length) == 0;
}

bool http_header_contains(const HttpMessage *message, const char *name, const char *part) {
  const char *value;
  size_t length;
  return http_header(message, name, &value, &length) && memmem(value, length, part, strlen(part)) != NULL;
}

int http_status(const HttpMessage *response) {
  return response->head_length > 12 ? atoi(response->head + strlen("HTTP/1.1 ")) : 0;
}

// One chunk of a chunked body. `next` is where the following chunk starts.
typedef struct {
  char *bytes;
  size_t length;
  char *next;
} Chunk;

static HttpFraming read_chunk(char *at, const char *end, Chunk *chunk) {
  char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
  if (!line_end) return HTTP_PARTIAL;
  char *digits_end;
  unsigned long length = strtoul(at, &digits_end, 16);
  if (digits_end == at || length > 1UL << 30) return HTTP_BROKEN;

  chunk->bytes = line_end + 2;
  chunk->length = length;
  if ((size_t)(end - chunk->bytes) < length + 2) return HTTP_PARTIAL;
  chunk->next = chunk->bytes + length + 2;
  return HTTP_COMPLETE;
}

// Walks all chunks; joins them only when asked, since joining a body that is still arriving would spoil its framing.
static HttpFraming walk_chunks(HttpMessage *message, const char *end, bool join) {
  char *at = message->body;
  size_t joined = 0;
  for (;;) {
    Chunk chunk;
    HttpFraming framing = read_chunk(at, end, &chunk);
    if (framing != HTTP_COMPLETE) return framing;
    at = chunk.next;
    if (chunk.length == 0) break;
    if (join) memmove(message->body + joined, chunk.bytes, chunk.length);
    joined += chunk.length;
  }
  message->body_length = joined;
  message->total_length = (size_t)(at - message->head);
  return HTTP_COMPLETE;
}

HttpFraming http_frame(Buffer *buffer, HttpMessage *message) {
  size_t window = buffer->length < head_limit ? buffer->length : head_limit;
  char *blank_line = memmem(buffer->bytes, window, "\r\n\r\n", 4);
  if (!blank_line) return buffer->length >= head_limit ? HTTP_BROKEN : HTTP_PARTIAL;

  const char *end = buffer->bytes + buffer->length;
  message->head = buffer->bytes;
  message->head_length = (size_t)(blank_line + 2 - buffer->bytes);
  message->body = blank_line + 4;

  if (http_header_equals(message, "transfer-encoding", "chunked")) {
    HttpFraming framing = walk_chunks(message, end, false);
    return framing == HTTP_COMPLETE ? walk_chunks(message, end, true) : framing;
  }

  const char *value;
  size_t length;
  message->body_length = http_header(message, "content-length", &value, &length) ? strtoul(value, NULL, 10) : 0;
  message->total_length = (size_t)(message->body - message->head) + message->body_length;
  return message->total_length <= buffer->length ? HTTP_COMPLETE : HTTP_PARTIAL;
}
