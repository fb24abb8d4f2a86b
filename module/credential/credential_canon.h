/* Inside RDFC-1.0: what its two files share. */
#pragma once
#include "credential_rdf.h"

#define CANON_HEX_MAX 96

/* A quad as a line, with the labels of the input; offsets into it say where parts are. */
struct canon_row {
    int blanks[3];      /* numbers of the nodes at subject, object, graph; -1: none */
    size_t label_at[3]; /* the same places: the label, behind "_:" */
    size_t predicate_at, predicate_len; /* "<iri>" */
    struct sv line;
};

enum { CANON_S, CANON_O, CANON_G };

/* An identifier issuer (RDFC-1.0, 4.3). `order` is a stack: what a permutation issued is taken back
 * by cutting it. */
struct canon_issuer {
    int *numbers; /* by blank node; -1: none */
    int *order;
    size_t count;
};

struct canon {
    struct arena *arena; /* scratch */
    enum credential_hash hash;
    bool is_utf16_order;
    size_t hex_len;
    struct canon_row *rows;
    size_t row_count;
    struct sv *labels; /* of the input, sorted */
    size_t blank_count, label_last;
    const struct sv *names;            /* canonical, by blank node, once all have one */
    size_t *first;                     /* rows of blank node i: row_of[first[i]..first[i + 1]) */
    uint32_t *row_of;                  /* indices into rows */
    char (*hashes)[CANON_HEX_MAX + 1]; /* first degree, by blank node */
    struct canon_issuer canonical, temporary;
    size_t calls, calls_max, work; /* of Hash N-Degree Quads */
    bool has_astral;               /* a character past U+FFFF */
    bool is_order_disputed;
};

void canon_digest(const struct canon *c, struct sv text, char hex[CANON_HEX_MAX + 1]);
/* The number of a blank node, given now if it has none. */
int canon_issue(struct canon_issuer *issuer, int blank);
void canon_cut(struct canon_issuer *issuer, size_t count);

/* Hash N-Degree Quads (4.8.3): the hash, and c->temporary extended by what it issued. Fails:
 * ERR_INPUT "too_hard". */
NODISCARD bool canon_n_degree(struct canon *c, int blank, unsigned depth,
                              char hex[CANON_HEX_MAX + 1], struct err *err);
