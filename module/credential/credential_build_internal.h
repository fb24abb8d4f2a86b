/* What the builders share. */
#pragma once
#include "base_clock.h"
#include "base_json.h"

/* Set a member; takes the value. */
void build_put(json_t *object, const char *name, json_t *value);
/* Nothing for an empty text: members are never null or empty. */
void build_put_text(json_t *object, const char *name, struct sv text);
/* The same after credential_text_clean; `field` names it in errors. */
NODISCARD bool build_put_clean(json_t *object, const char *name, const char *field, struct sv text,
                               struct err *err);
NODISCARD bool build_put_url(json_t *object, const char *name, const char *field, struct sv url,
                             struct err *err);
/* In whole seconds; nothing for 0. */
void build_put_time(json_t *object, const char *name, usec_t t);
/* An array of one or (two not NULL) two names. */
json_t *build_types(const char *one, const char *two);
