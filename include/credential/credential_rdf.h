/* An RDF dataset (RDF 1.1 Concepts 4) as a list of quads, its N-Quads text in both directions, and
 * its canonical form (RDFC-1.0). Pure; a dataset is used by one thread at a time.
 *
 * Foreign datasets are hostile: quads, text and the work of canonicalisation have ceilings. */
#pragma once
#include "base_str.h"

#define CREDENTIAL_QUADS_MAX 20000
#define CREDENTIAL_NQUADS_BYTES_MAX ((size_t)8 << 20)

enum credential_term_kind {
    CREDENTIAL_TERM_NONE, /* as a graph: the default graph */
    CREDENTIAL_TERM_IRI,
    CREDENTIAL_TERM_BLANK,
    CREDENTIAL_TERM_LITERAL,
    CREDENTIAL_TERM_TAGGED /* a literal with a language */
};

struct credential_term {
    enum credential_term_kind kind;
    struct sv value; /* IRI; label without "_:"; lexical form */
    struct sv about; /* LITERAL: the datatype's IRI, empty for xsd:string; TAGGED: the language */
};

struct credential_quad {
    struct credential_term subject, object, graph;
    struct sv predicate; /* an IRI */
};

/* Texts of the terms are borrowed, the list lives in the arena. */
struct credential_dataset {
    struct arena *arena;
    struct credential_quad *quads;
    size_t count, cap;
    bool is_overflowed; /* CREDENTIAL_QUADS_MAX was passed; what came later was dropped */
};

void credential_dataset_init(struct credential_dataset *set, struct arena *a);
void credential_dataset_add(struct credential_dataset *set, const struct credential_quad *quad);

/* N-Quads (RDF 1.1 N-Quads, 4), strictly: absolute IRIs, no blank node as predicate, one statement
 * a line, comments allowed. Texts live in the dataset's arena or are borrowed from `text`. Fails:
 * ERR_INPUT "nquads" with the line. */
NODISCARD bool credential_nquads_parse(struct sv text, struct credential_dataset *set,
                                       struct err *err);

/* One term in canonical N-Quads (RDFC-1.0, A): only \b \t \n \f \r \" \\ and \uXXXX for other
 * controls and U+007F are escaped. */
void credential_term_write(struct str *out, const struct credential_term *term);

enum credential_hash { CREDENTIAL_SHA256, CREDENTIAL_SHA384 };

struct credential_canon_options {
    enum credential_hash hash;
    /* Sort by UTF-16 units, as rdf-canonize and the library of 1EdTech's validator do, instead of
     * by code points, as RDFC-1.0 says. */
    bool is_utf16_order;
    size_t calls_max; /* of Hash N-Degree Quads before giving up; 0: CREDENTIAL_CALLS_MAX */
};
/* W3C's hardest evaluation tests need 468. */
#define CREDENTIAL_CALLS_MAX 4096

struct credential_canon {
    struct sv text;    /* canonical N-Quads */
    struct sv *blanks; /* labels of the input ... */
    struct sv *labels; /* ... and what each became, "c14n0" (the issued identifiers map) */
    size_t blank_count;
    size_t calls; /* of Hash N-Degree Quads */
    size_t alike; /* blank nodes whose first-degree hash is not theirs alone */
    /* The order of code points and that of UTF-16 units differ somewhere: programs in JavaScript
     * and Java would sort, hash or number otherwise. */
    bool is_order_disputed;
};

/* RDFC-1.0, 4. Everything of *out lives in `a`, as does what is needed on the way, or in the
 * dataset. Fails: ERR_INPUT "too_hard" past the work limit (a
 * poisoned dataset, RDFC-1.0 7.1), "too_large". */
NODISCARD bool credential_canonicalise(const struct credential_dataset *set,
                                       const struct credential_canon_options *options,
                                       struct arena *a, struct credential_canon *out,
                                       struct err *err);

/* <0, 0, >0: order by UTF-16 code units of two UTF-8 texts. */
int credential_utf16_cmp(struct sv left, struct sv right);
