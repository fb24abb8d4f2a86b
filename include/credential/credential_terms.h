/* A credential's JSON as RDF quads, without a JSON-LD processor: the terms of the three contexts
 * are a table in this program (credentials/v2, Open Badges 3.0.3 and 1EdTech's extensions), and
 * whatever is not in it is refused, as JSON-LD libraries do in their safe mode. So a member can
 * neither be dropped silently nor mean something else than for others.
 *
 * Covers VCDM 2.0 documents: sets, rdf:List (allowedValue), graphs (proof), numbers, booleans,
 * typed literals, types that are terms or IRIs, objects inside objects with the same id (one node).
 * For checking also Open Badges' context 3.0.2, and security contexts that change none of these
 * terms. Not: other contexts, contexts as objects, JSON literals, language maps. */
#pragma once
#include "base_json.h"
#include "credential_rdf.h"

#define CREDENTIAL_CONTEXT_VC_URL "https://www.w3.org/ns/credentials/v2"
#define CREDENTIAL_CONTEXT_OB_URL "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
#define CREDENTIAL_CONTEXT_EXTENSIONS_URL "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"

/* Add the quads of `object` (a JSON object) to `set`; texts are borrowed from the JSON or live in
 * the set's arena. `is_for_signing` refuses also what other programs are known to read otherwise:
 * control characters but LF, numbers past 2^53 or with an exponent, and terms that older copies of
 * the contexts lack. Fails: ERR_INPUT "context" for a context that is not known, "term" naming the
 * member and where it stands, "value". */
NODISCARD bool credential_emit(const json_t *object, bool is_for_signing,
                               struct credential_dataset *set, struct err *err);

/* An absolute IRI that N-Quads can hold: a scheme, no space, no control character, none of
 * <>"{}|\^`. */
bool credential_iri_is_fit(struct sv text);
/* Do the contexts of the standards define it: a term, a type, an alias of a keyword? */
bool credential_is_defined(struct sv name);
