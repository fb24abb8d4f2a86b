/* JSON of credentials: read as JSON-LD and JCS see it, every number a double, and written in the
 * one form of RFC 8785. Pure. */
#pragma once
#include "base_json.h"

#define CREDENTIAL_JSON_BYTES_MAX ((size_t)1 << 20)
#define CREDENTIAL_JSON_DEPTH_MAX 32

/* One JSON object, strictly (see js_parse), at most CREDENTIAL_JSON_DEPTH_MAX deep. Integers become
 * reals. The caller owns *out. Fails: ERR_INPUT "json" naming `what`. */
NODISCARD bool credential_json_parse(struct sv text, const char *what, json_t **out,
                                     struct err *err);

/* The JSON Canonicalization Scheme (RFC 8785): names sorted by UTF-16 units, ECMAScript's numbers.
 * In `a`. Fails: ERR_INPUT "too_long". */
NODISCARD bool credential_jcs(const json_t *value, struct arena *a, struct sv *out,
                              struct err *err);

#define CREDENTIAL_NUMBER_MAX 40
/* A finite double as ECMAScript prints it (ECMA-262 6.1.6.1.20). */
const char *credential_number_ecma(double d, char out[CREDENTIAL_NUMBER_MAX]);
/* A JSON number as JSON-LD turns it into RDF (JSON-LD API 1.1, 8.6): whole and under 10^21 gives
 * digits and *is_integer, else the canonical xsd:double, "2.5E0". */
const char *credential_number_rdf(double d, char out[CREDENTIAL_NUMBER_MAX], bool *is_integer);
/* The value of a JSON number, whether jansson read it as integer or as real. */
double credential_number_of(const json_t *number);
