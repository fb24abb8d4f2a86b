#include "issue.h"
#include "base_encode.h"
#include "credential_json.h"
#include "credential_jwt.h"
#include "credential_proof.h"
#include "issue_internal.h"
#include <stdlib.h>

/* Random numbers to look for a free place with, for each award: a list is at most three quarters
 * full. */
#define PLACES_EACH ((size_t)16)

struct issue *issue_create(struct store *store, struct sv base_url) {
    struct issue *issue = calloc(1, sizeof *issue);
    if (issue == NULL) {
        abort();
    }
    *issue = (struct issue){.store = store, .base_url = base_url, .ring = issue_keyring_create()};
    return issue;
}

void issue_destroy(struct issue *issue) {
    if (issue != NULL) {
        issue_keyring_destroy(issue->ring);
        free(issue);
    }
}

struct sv issue_base_url(const struct issue *issue) {
    return issue->base_url;
}

/* What leaves is read again and verified as others do. */
static bool check(const struct issue_key *key, struct sv text, struct err *err) {
    json_t *parsed = NULL;
    struct err why = {0};
    if (!credential_json_parse(text, "the signed credential", &parsed, err)) {
        return false;
    }
    AUTO_JSON *document = parsed;
    return credential_proof_verify(document, json_array_get(json_object_get(document, "proof"), 0),
                                   key->proof, &why) ||
           err_because(err, ERR_BUG, "sign", "a credential that was just signed is not right: %s",
                       why.text);
}

static bool prove(const struct issue_key *key, const json_t *credential, usec_t now,
                  struct arena *a, struct sv *body, struct err *err) {
    char created[RFC3339_MAX];
    json_t *proof = NULL;
    const struct credential_proof_options options = {
        .created = sv_from(rfc3339_format(now, created)), .verification_method = key->method};
    if (!credential_proof_create(key->proof, credential, &options, &proof, err)) {
        return false;
    }
    AUTO_JSON *document = json_copy((json_t *)credential);
    (void)json_object_set_new(document, "proof", json_pack("[o]", proof));
    *body = js_dump(a, document);
    return check(key, *body, err);
}

bool issue_sign_json(const struct issue_pair *pair, const json_t *credential, usec_t now,
                     enum store_form form, struct arena *a, struct sv *body, struct err *err) {
    const struct issue_key *token = pair->token;
    return form == STORE_FORM_JSON ? prove(pair->proof, credential, now, a, body, err)
           : token->rsa != NULL
               ? credential_jwt_sign(token->rsa, credential, a, body, err)
               : credential_jwt_sign_with(token->proof, token->kid, credential, a, body, err);
}

/* Awards on their way to being signed. */
struct batch {
    struct issue *issue;
    int64_t institution_id;
    usec_t now;
    struct arena *arena;
    struct model_issuer issuer; /* of the award at hand, with its keys; id 0: none yet */
    struct issue_pair pair;
    struct store_credential_source *sources;
    size_t source_count;
    struct store_credential *made;
    struct store_credential_problem *problems;
    size_t made_count, problem_count;
};

static bool issuer_take(struct batch *b, int64_t issuer_id, struct err *err) {
    if (b->issuer.id == issuer_id) {
        return true;
    }
    b->issuer.id = 0;
    struct model_issuer found = {0};
    if (!store_issuer_get(b->issue->store, b->institution_id, issuer_id, b->arena, &found, err) ||
        !issue_pair_open(b->issue, b->institution_id, &found, &b->pair, err)) {
        return false;
    }
    b->issuer = found;
    return true;
}

/* The awards of one issuer that have no place in a status list yet. */
static bool places_take(struct batch *b, int64_t issuer_id, bool *is_any, struct err *err) {
    int64_t *ids = ARENA_ARRAY(b->arena, int64_t, b->source_count);
    size_t n = 0;
    for (size_t i = 0; i < b->source_count; i++) {
        if (b->sources[i].issuer_id == issuer_id && b->sources[i].status_list.len == 0) {
            ids[n++] = b->sources[i].award_id;
        }
    }
    if (n == 0) {
        return true;
    }
    size_t place_count = PLACES_EACH * (n + 4);
    int64_t *places = ARENA_ARRAY(b->arena, int64_t, place_count);
    random_bytes(places, place_count * sizeof *places);
    for (size_t i = 0; i < place_count; i++) {
        places[i] &= INT64_MAX;
    }
    *is_any = true;
    return store_status_assign(b->issue->store, b->institution_id, issuer_id, ids, n, places,
                               place_count, err);
}

static bool load(struct batch *b, const int64_t *ids, size_t count, struct err *err) {
    return store_credential_sources(b->issue->store, b->institution_id, ids, count, b->arena,
                                    &b->sources, &b->source_count, err);
}

static bool load_placed(struct batch *b, const int64_t *ids, size_t count, struct err *err) {
    bool is_any = false;
    if (!load(b, ids, count, err)) {
        return false;
    }
    for (size_t i = 0; i < b->source_count; i++) {
        bool is_seen = false;
        for (size_t j = 0; j < i && !is_seen; j++) {
            is_seen = b->sources[j].issuer_id == b->sources[i].issuer_id;
        }
        if (!is_seen && !places_take(b, b->sources[i].issuer_id, &is_any, err)) {
            return false;
        }
    }
    return !is_any || load(b, ids, count, err);
}

/* The unsigned credential of a source. */
static bool build(struct batch *b, const struct store_credential_source *s, usec_t valid_from,
                  const struct model_share *share, json_t **out, struct err *err) {
    struct model_badge badge;
    struct credential_result *results = NULL;
    struct credential_evidence *evidence = NULL;
    AUTO_JSON *texts = NULL;
    const struct issue_badge_text text = {
        .public_id = s->badge_public_id, .definition = s->definition, .rule = s->rule};
    bool is_suspended = s->state == MODEL_AWARD_SUSPENDED;
    struct credential_award award = {
        .issuer = {.base_url = b->issue->base_url, .issuer = &b->issuer},
        .badge = &badge,
        .public_id = s->public_id,
        .valid_from = valid_from,
        .awarded_at = s->issued_at,
        .valid_until = s->expires_at,
        .share = share,
        .status_list = is_suspended ? s->suspension_list : s->status_list,
        .status_index = s->status_index,
        .is_suspended = is_suspended};
    if (!issue_badge_read(b->arena, &text, &badge, err) ||
        (share->shows_results &&
         !issue_results(b->arena, s->reasons, &results, &award.result_count, err)) ||
        (share->shows_evidence &&
         !issue_evidence(b->arena, s->evidence, &evidence, &award.evidence_count, &texts, err))) {
        return false;
    }
    award.results = results;
    award.evidence = evidence;
    return credential_build(&award, out, err);
}

/* The first is valid from the award on, each later one from when it was signed: hosts keep the one
 * with the latest validFrom (Open Badges 3.0, 9.2). */
static usec_t valid_from_of(const struct store_credential_source *s, usec_t now) {
    usec_t at = s->valid_from == 0                 ? s->issued_at
                : now < s->valid_from + USEC_PER_S ? s->valid_from + USEC_PER_S
                                                   : now;
    return at - at % USEC_PER_S;
}

static bool sign_forms(struct batch *b, const struct store_credential_source *s, json_t *credential,
                       struct sv digest, usec_t valid_from, struct err *err) {
    char text[RFC3339_MAX];
    (void)json_object_set_new(credential, "validFrom",
                              json_string(rfc3339_format(valid_from, text)));
    for (int form = STORE_FORM_JSON; form <= STORE_FORM_TOKEN; form++) {
        struct store_credential made = {.award_id = s->award_id,
                                        .key_id =
                                            issue_pair_key(&b->pair, (enum store_form)form)->id,
                                        .form = (enum store_form)form,
                                        .digest = digest,
                                        .was_digest = s->digests[form],
                                        .valid_from = valid_from,
                                        .signed_at = b->now};
        if (!issue_sign_json(&b->pair, credential, b->now, (enum store_form)form, b->arena,
                             &made.body, err)) {
            return false;
        }
        b->made[b->made_count + (size_t)form] = made;
    }
    b->made_count += 2;
    return true;
}

static bool sign_one(struct batch *b, const struct store_credential_source *s, struct err *err) {
    json_t *built = NULL;
    unsigned char digest[32];
    usec_t valid_from = valid_from_of(s, b->now);
    if (s->status_list.len == 0) {
        (void)err_because(err, ERR_CONFLICT, "status", "no place in a status list was free");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    if (!issuer_take(b, s->issuer_id, err) || !build(b, s, valid_from, &s->share, &built, err)) {
        return false;
    }
    AUTO_JSON *credential = built;
    if (!credential_digest(credential, digest, err)) {
        return false;
    }
    struct sv sum = sv_copy(b->arena, sv_of((const char *)digest, sizeof digest));
    return (sv_eq(sum, s->digests[0]) && sv_eq(sum, s->digests[1])) ||
           sign_forms(b, s, credential, sum, valid_from, err);
}

bool issue_sign(struct issue *issue, int64_t institution_id, const int64_t *award_ids, size_t count,
                usec_t now, struct issue_signed *out, struct err *err) {
    AUTO_ARENA a = {0};
    struct batch b = {.issue = issue, .institution_id = institution_id, .now = now, .arena = &a};
    *out = (struct issue_signed){0};
    if (!load_placed(&b, award_ids, count, err)) {
        return false;
    }
    b.made = ARENA_ARRAY(&a, struct store_credential, 2 * b.source_count);
    b.problems = ARENA_ARRAY(&a, struct store_credential_problem, b.source_count);
    for (size_t i = 0; i < b.source_count; i++) {
        struct err why = {0};
        if (sign_one(&b, &b.sources[i], &why)) {
            continue;
        }
        if (why.code != ERR_INPUT) {
            *err = why;
            return false;
        }
        b.problems[b.problem_count++] = (struct store_credential_problem){
            .award_id = b.sources[i].award_id, .problem = sv_copy(&a, sv_from(why.text))};
    }
    *out = (struct issue_signed){
        .seen = b.source_count, .made = b.made_count / 2, .problems = b.problem_count};
    const struct store_credential_batch batch = {.credentials = b.made,
                                                 .credential_count = b.made_count,
                                                 .problems = b.problems,
                                                 .problem_count = b.problem_count};
    return b.made_count + b.problem_count == 0 ||
           store_credential_save(issue->store, institution_id, &batch, err);
}

bool issue_sign_for(struct issue *issue, int64_t institution_id, int64_t award_id, struct sv did,
                    enum store_form form, usec_t now, struct arena *a, struct sv *body,
                    struct err *err) {
    struct batch b = {.issue = issue, .institution_id = institution_id, .now = now, .arena = a};
    json_t *built = NULL;
    if (!credential_wallet_check(did, err) || !load_placed(&b, &award_id, 1, err)) {
        return false;
    }
    if (b.source_count == 0 || b.sources[0].status_list.len == 0) {
        return err_because(err, ERR_NOT_FOUND, "award", "there is no such award");
    }
    struct model_share share = b.sources[0].share;
    share.identity = MODEL_IDENTITY_DID;
    share.did = did;
    if (!issuer_take(&b, b.sources[0].issuer_id, err) ||
        !build(&b, &b.sources[0], now, &share, &built, err)) {
        return false;
    }
    AUTO_JSON *credential = built;
    return issue_sign_json(&b.pair, credential, now, form, a, body, err);
}

/* As somebody will type an address (Open Badges 3.0, B.1.13). */
static struct sv lower_case(struct arena *a, struct sv text) {
    char *lower = arena_copy(a, text.ptr == NULL ? "" : text.ptr, text.len);
    for (size_t i = 0; i < text.len; i++) {
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
    }
    return sv_of(lower, text.len);
}

static bool identify(const struct issue_choice *c, const struct store_share_owner *owner,
                     struct arena *a, struct model_share *share, struct err *err) {
    unsigned char salt[16];
    if (c->identity == MODEL_IDENTITY_NONE) {
        return true;
    }
    if (c->identity == MODEL_IDENTITY_DID) {
        share->did = c->did;
        return credential_wallet_check(c->did, err);
    }
    random_bytes(salt, sizeof salt);
    share->salt = hex_encode(a, salt, sizeof salt);
    if (c->identity == MODEL_IDENTITY_LTI) {
        share->platform = owner->platform;
        share->identity_hash = credential_identity_hash(a, owner->sub, share->salt);
        return true;
    }
    if (owner->email.len == 0) {
        return err_because(err, ERR_INPUT, "email",
                           "the learning platform has not told your e-mail address, so the badge "
                           "cannot carry it; choose another way to be named");
    }
    share->identity_hash = credential_identity_hash(a, lower_case(a, owner->email), share->salt);
    return true;
}

/* The same choice again keeps its salt, or every press of a button would sign anew. */
static bool is_as_before(const struct model_share *was, const struct issue_choice *c,
                         const struct store_share_owner *owner, struct arena *a) {
    struct sv who = c->identity == MODEL_IDENTITY_EMAIL ? lower_case(a, owner->email) : owner->sub;
    bool is_same_name =
        who.len > 0 && sv_eq(was->identity_hash, credential_identity_hash(a, who, was->salt));
    return was->identity == c->identity &&
           (c->identity == MODEL_IDENTITY_NONE ||
            (c->identity == MODEL_IDENTITY_DID ? sv_eq(was->did, c->did) : is_same_name));
}

bool issue_share_set(struct issue *issue, const struct issue_choice *c, usec_t now,
                     struct err *err) {
    AUTO_ARENA a = {0};
    struct model_share was = {0};
    struct model_share share = {.identity = c->identity};
    struct store_share_owner owner = {0};
    if (!store_share_get(issue->store, c->institution_id, c->award_id, &a, &was, err) ||
        !store_share_owner(issue->store, c->institution_id, c->award_id, &a, &owner, err)) {
        return false;
    }
    if (is_as_before(&was, c, &owner, &a)) {
        share = was;
    } else if (!identify(c, &owner, &a, &share, err)) {
        return false;
    }
    share.shared_at = c->is_shared ? now : 0;
    share.shows_results = c->shows_results;
    share.shows_evidence = c->shows_evidence;
    share.shows_name = c->shows_name;
    share.told_results = c->is_shared && c->told_results;
    share.told_evidence = c->is_shared && c->told_evidence;
    const struct store_share_change change = {.institution_id = c->institution_id,
                                              .award_id = c->award_id,
                                              .person_id = c->person_id,
                                              .share = &share};
    return store_share_set(issue->store, &change, err);
}
