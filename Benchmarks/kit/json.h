// Finds members of JSON text without building a tree. The reader trusts its input to be well formed and only
// promises to stay inside the slice: both ends of the measurement write the JSON that the other one reads.
#ifndef KIT_JSON_H
#define KIT_JSON_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  const char *start;
  const char *end;
} JsonSlice;

// Walks the members of an object. A value is skipped only when the next member is asked for, so a caller that
// found what it wanted never pays for the 100 KB that follow.
typedef struct {
  const char *at;  // the opening brace at first, then the value last returned
  const char *end;
  bool started;
} JsonCursor;

JsonCursor json_members(JsonSlice object);

// The next member: its name without quotes, and where its value starts. False at the end or on anything odd.
bool json_next(JsonCursor *cursor, JsonSlice *name, const char **value);

// The whole value that starts at `start`.
JsonSlice json_value(const char *start, const char *end);

bool json_member(JsonSlice object, const char *name, JsonSlice *value);
size_t json_count(JsonSlice array);

// Compares the bytes of a slice: a name as is, a string value with its quotes.
bool json_equals(JsonSlice slice, const char *text);
bool json_string_equals(JsonSlice value, const char *text);

#endif
