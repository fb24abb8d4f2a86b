/* The term table: what each member of a credential means as RDF. */
#pragma once
#include "base_str.h"

/* Bits: which contexts define a type or a term. */
enum {
    CREDENTIAL_CONTEXT_VC = 1, /* https://www.w3.org/ns/credentials/v2 */
    CREDENTIAL_CONTEXT_OB = 2, /* https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json */
    CREDENTIAL_CONTEXT_EXTENSIONS = 4, /* https://purl.imsglobal.org/spec/ob/v3p0/extensions.json */
    /* .../context-3.0.2.json, beside CREDENTIAL_CONTEXT_OB: some terms mean something else. */
    CREDENTIAL_CONTEXT_OB_OLDER = 8
};

enum credential_coerce {
    CREDENTIAL_COERCE_NONE,
    CREDENTIAL_COERCE_TYPED, /* a literal of `datatype` */
    CREDENTIAL_COERCE_ID,    /* a string is an IRI */
    CREDENTIAL_COERCE_VOCAB, /* a string is a word of a fixed list */
    CREDENTIAL_COERCE_JSON   /* a JSON literal: not supported */
};

struct credential_type_rule;
struct credential_term_rule {
    const char *name, *iri;
    enum credential_coerce kind;
    const char *datatype;
    bool is_list;  /* an rdf:List */
    bool is_graph; /* each value in a graph of its own */
    bool is_new;   /* older copies of the context lack it: not for signing */
    const struct credential_type_rule *scope; /* terms that hold inside its value */
};

struct credential_type_rule {
    const char *name, *iri;
    unsigned context;
    const struct credential_term_rule *terms;
    size_t count;
};

struct credential_vocab_rule {
    const char *name, *iri;
};

/* NULL when there is none in these contexts. */
const struct credential_type_rule *credential_type_find(unsigned contexts, struct sv name);
const struct credential_term_rule *credential_type_term(const struct credential_type_rule *type,
                                                        struct sv name);
const struct credential_term_rule *credential_global_term(unsigned contexts, struct sv name);
/* The rule as context 3.0.2 has it; NULL when it lacks the term. */
const struct credential_term_rule *credential_older_term(const struct credential_term_rule *rule);
/* The values of proofPurpose. */
const char *credential_purpose_iri(struct sv name);
/* By index, NULL past the end: for the test. */
const struct credential_type_rule *credential_type_at(size_t index);
