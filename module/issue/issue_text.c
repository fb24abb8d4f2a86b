/* What the store keeps as JSON, as the credential's builder takes it. */
#include "badge_rule.h"
#include "issue_internal.h"
#include "judge.h"
#include <string.h>

#define REASONS_BYTES_MAX ((size_t)1 << 20)
#define EVIDENCE_BYTES_MAX ((size_t)16 << 20)

bool issue_badge_read(struct arena *a, const struct issue_badge_text *text, struct model_badge *out,
                      struct err *err) {
    const struct badge_rule *rule = NULL;
    if (!judge_definition_read(a, text->definition, out, err)) {
        return false;
    }
    out->public_id = text->public_id;
    if (out->criteria.len > 0) {
        return true;
    }
    if (!badge_rule_parse(a, text->rule, &rule, err)) {
        return false;
    }
    out->criteria = badge_rule_words(a, rule);
    return true;
}

static struct sv member(const json_t *object, const char *name) {
    return js_sv(json_object_get(object, name));
}

static struct sv percent_of(struct arena *a, struct sv score, struct sv maximum) {
    struct dec part;
    struct dec whole;
    char text[DEC_TEXT_MAX];
    if (!dec_parse(score, &part) || !dec_parse(maximum, &whole) || dec_is_zero(whole) ||
        dec_is_negative(whole)) {
        return sv_of(NULL, 0);
    }
    return sv_copy(a, sv_from(dec_format(dec_percent(part, whole), text)));
}

/* One condition that was met, as badge_reasons_json records it. False: it is no result. */
static bool result_of(struct arena *a, const json_t *leaf, struct credential_result *out) {
    const json_t *item = json_object_get(leaf, "item");
    struct sv score = member(leaf, "score");
    struct sv maximum = member(leaf, "maximum");
    struct sv letter = member(leaf, "letter");
    struct sv done = member(leaf, "completion");
    struct sv percent = percent_of(a, score, maximum);
    if (!sv_eq(member(leaf, "state"), SV("met")) || item == NULL) {
        return false;
    }
    *out = (struct credential_result){.name = member(item, "title")};
    if (out->name.len == 0) {
        out->name = member(leaf, "text");
    }
    if (member(leaf, "min_letter").len > 0 && letter.len > 0) {
        out->type = SV("LetterGrade");
        out->value = letter;
        out->required = member(leaf, "min_letter");
    } else if (member(leaf, "min_percent").len > 0 && percent.len > 0) {
        out->type = SV("Percent");
        out->value = percent;
        out->required = member(leaf, "min_percent");
        out->maximum = SV("100");
    } else if (score.len > 0) {
        out->type = SV("RawScore");
        out->value = score;
        out->required = member(leaf, "min_points");
        out->maximum = maximum;
    } else if (sv_eq(done, SV("complete")) || sv_eq(done, SV("passed"))) {
        out->type = SV("Status");
        out->status = SV("Completed");
    } else {
        return false;
    }
    return true;
}

/* Texts of forms and platforms, which nobody asked whether they can be signed: a control character
 * that came along with what was pasted keeps no learner from their badge. Copied, since the JSON
 * goes. */
static struct sv tame(struct arena *a, struct sv text) {
    char *copy = arena_copy(a, text.ptr == NULL ? "" : text.ptr, text.len);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)copy[i];
        bool is_break = c == '\v' || c == '\f'; /* how programs of slides and pages write it */
        bool is_kept = c == '\n' || c == '\r' || c == '\t';
        if ((c < 0x20 && !is_kept) || c == 0x7f) {
            copy[i] = is_break ? '\n' : ' ';
        }
    }
    return sv_of(copy, text.len);
}

bool issue_results(struct arena *a, struct sv reasons, struct credential_result **out,
                   size_t *count, struct err *err) {
    json_t *parsed = NULL;
    size_t i = 0;
    const json_t *leaf = NULL;
    *count = 0;
    if (!js_parse(reasons, REASONS_BYTES_MAX, "the stored reasons", &parsed, err)) {
        return false;
    }
    AUTO_JSON *root = parsed;
    const json_t *leaves = json_object_get(root, "leaves");
    *out = ARENA_ARRAY(a, struct credential_result, json_array_size(leaves));
    json_array_foreach(leaves, i, leaf) {
        struct credential_result *r = &(*out)[*count];
        if (result_of(a, leaf, r)) {
            struct sv *texts[] = {&r->name, &r->value, &r->required, &r->maximum};
            for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
                *texts[t] = tame(a, *texts[t]);
            }
            (*count)++;
        }
    }
    return true;
}

bool issue_evidence(struct arena *a, struct sv text, struct credential_evidence **out,
                    size_t *count, json_t **keep, struct err *err) {
    size_t i = 0;
    const json_t *one = NULL;
    if (!js_parse(text, EVIDENCE_BYTES_MAX, "the stored evidence", keep, err)) {
        return false;
    }
    *count = json_array_size(*keep);
    *out = ARENA_ARRAY(a, struct credential_evidence, *count);
    json_array_foreach(*keep, i, one) {
        (*out)[i] = (struct credential_evidence){.name = member(one, "condition"),
                                                 .narrative = tame(a, member(one, "evidence"))};
    }
    return true;
}
