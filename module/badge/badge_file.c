#include "badge_file.h"
#include "badge_input.h"
#include "badge_map.h"
#include <string.h>

/* AchievementType of Open Badges 3.0 (B.1.1, enumeration); others begin with "ext:". */
static const char *const achievement_types[] = {"Achievement",
                                                "ApprenticeshipCertificate",
                                                "Assessment",
                                                "Assignment",
                                                "AssociateDegree",
                                                "Award",
                                                "Badge",
                                                "BachelorDegree",
                                                "Certificate",
                                                "CertificateOfCompletion",
                                                "Certification",
                                                "CommunityService",
                                                "Competency",
                                                "Course",
                                                "CoCurricular",
                                                "Degree",
                                                "Diploma",
                                                "DoctoralDegree",
                                                "Fieldwork",
                                                "GeneralEducationDevelopment",
                                                "JourneymanCertificate",
                                                "LearningProgram",
                                                "License",
                                                "Membership",
                                                "ProfessionalDoctorate",
                                                "QualityAssuranceCredential",
                                                "MasterCertificate",
                                                "MasterDegree",
                                                "MicroCredential",
                                                "ResearchDoctorate",
                                                "SecondarySchoolDiploma"};

struct reader {
    struct arena *arena;
    const struct badge_doc *doc;
};

static const struct badge_text_limit url_limit = {.max_chars = 1000, .is_required = true};

static bool read_key(const struct reader *r, const struct badge_path *path, const json_t *obj,
                     struct sv *out) {
    struct badge_text_limit limit = {.max_chars = 1000, .is_required = true};
    struct badge_path at = BADGE_AT_KEY(path, "key");
    if (!badge_text_member(r->arena, r->doc, path, obj, "key", limit, out)) {
        return false;
    }
    return badge_key_is_valid(*out) ||
           badge_bad(
               r->doc, &at,
               "must be 1 to 64 lower-case letters, digits and hyphens, such as \"safe-lab\"");
}

static bool read_address(const struct reader *r, const struct badge_path *path, const json_t *obj,
                         const char *key, struct badge_text_limit limit, struct sv *out) {
    struct badge_path at = BADGE_AT_KEY(path, key);
    if (!badge_text_member(r->arena, r->doc, path, obj, key, limit, out)) {
        return false;
    }
    return (out->len == 0 && !limit.is_required) || badge_url_is_valid(*out) ||
           badge_bad(r->doc, &at, "must be a full address that begins with https://");
}

static bool read_url(const struct reader *r, const struct badge_path *path, const json_t *obj,
                     struct sv *out) {
    return read_address(r, path, obj, "url", url_limit, out);
}

static bool email_is_valid(struct sv email) {
    struct sv user;
    struct sv host;
    return sv_cut(email, '@', &user, &host) && user.len > 0 && host.len > 0 &&
           sv_find(host, '@') == host.len && sv_find(email, ' ') == email.len;
}

static bool read_issuer(const struct reader *r, const struct badge_path *path, const json_t *obj,
                        struct model_issuer *out) {
    static const char *const keys[] = {"key", "name", "url", "email", "description", "image"};
    struct badge_text_limit name = {.max_chars = BADGE_NAME_CHARS_MAX, .is_required = true};
    struct badge_text_limit email = {.max_chars = 254};
    struct badge_text_limit description = {.max_chars = BADGE_DESCRIPTION_CHARS_MAX,
                                           .has_lines = true};
    struct badge_text_limit image = {.max_chars = 1000};
    if (!json_is_object(obj)) {
        return badge_bad(r->doc, path,
                         "must be an object: {\"key\", \"name\", \"url\", \"email\"}");
    }
    if (!badge_only_keys(r->doc, path, obj, keys, ARRAY_LEN(keys)) ||
        !read_key(r, path, obj, &out->key) ||
        !badge_text_member(r->arena, r->doc, path, obj, "name", name, &out->name) ||
        !read_url(r, path, obj, &out->url) ||
        !badge_text_member(r->arena, r->doc, path, obj, "email", email, &out->email) ||
        !badge_text_member(r->arena, r->doc, path, obj, "description", description,
                           &out->description) ||
        !read_address(r, path, obj, "image", image, &out->image)) {
        return false;
    }
    struct badge_path at = BADGE_AT_KEY(path, "email");
    return out->email.len == 0 || email_is_valid(out->email) ||
           badge_bad(r->doc, &at, "must be an e-mail address");
}

/* An optional list of at most `max` elements; *out is NULL when it is absent. */
static bool read_list(const struct reader *r, const struct badge_path *path, const json_t *obj,
                      const char *key, size_t max, const json_t **out) {
    struct badge_path at = BADGE_AT_KEY(path, key);
    if (!js_array(obj, key, out)) {
        return badge_bad(r->doc, &at, "must be a list");
    }
    return json_array_size(*out) <= max ||
           badge_bad(r->doc, &at, "has %zu entries; at most %zu fit", json_array_size(*out), max);
}

static bool read_tags(const struct reader *r, const struct badge_path *path, const json_t *obj,
                      struct model_badge *out) {
    const json_t *list = NULL;
    struct badge_text_limit tag = {.max_chars = 100, .is_required = true};
    if (!read_list(r, path, obj, "tags", MODEL_TAGS_MAX, &list)) {
        return false;
    }
    struct badge_path tags = BADGE_AT_KEY(path, "tags");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct badge_path at = BADGE_AT_INDEX(&tags, i);
        if (!badge_text_value(r->arena, r->doc, &at, json_array_get(list, i), tag, &out->tags[i])) {
            return false;
        }
        out->tag_count++;
    }
    return true;
}

/* What of an award its learner may not keep back when they share it. */
static bool read_demands(const struct reader *r, const struct badge_path *path, const json_t *obj,
                         struct model_badge *out) {
    const json_t *list = NULL;
    if (!read_list(r, path, obj, "demands", 2, &list)) {
        return false;
    }
    struct badge_path demands = BADGE_AT_KEY(path, "demands");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct badge_path at = BADGE_AT_INDEX(&demands, i);
        struct sv what = js_sv(json_array_get(list, i));
        bool *is_demanded = sv_eq(what, SV("results"))    ? &out->demands_results
                            : sv_eq(what, SV("evidence")) ? &out->demands_evidence
                                                          : NULL;
        if (is_demanded == NULL || *is_demanded) {
            return badge_bad(r->doc, &at, "must be \"results\" or \"evidence\", each once");
        }
        *is_demanded = true;
    }
    return true;
}

static bool read_alignment(const struct reader *r, const struct badge_path *path, const json_t *obj,
                           struct model_alignment *out) {
    static const char *const keys[] = {"name", "url", "framework", "code"};
    struct badge_text_limit name = {.max_chars = BADGE_NAME_CHARS_MAX, .is_required = true};
    struct badge_text_limit other = {.max_chars = BADGE_NAME_CHARS_MAX};
    if (!json_is_object(obj)) {
        return badge_bad(r->doc, path, "must be {\"name\", \"url\", \"framework\", \"code\"}");
    }
    return badge_only_keys(r->doc, path, obj, keys, ARRAY_LEN(keys)) &&
           badge_text_member(r->arena, r->doc, path, obj, "name", name, &out->name) &&
           read_url(r, path, obj, &out->url) &&
           badge_text_member(r->arena, r->doc, path, obj, "framework", other, &out->framework) &&
           badge_text_member(r->arena, r->doc, path, obj, "code", other, &out->code);
}

static bool read_alignments(const struct reader *r, const struct badge_path *path,
                            const json_t *obj, struct model_badge *out) {
    const json_t *list = NULL;
    if (!read_list(r, path, obj, "alignments", MODEL_ALIGNMENTS_MAX, &list)) {
        return false;
    }
    struct badge_path alignments = BADGE_AT_KEY(path, "alignments");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct badge_path at = BADGE_AT_INDEX(&alignments, i);
        if (!read_alignment(r, &at, json_array_get(list, i), &out->alignments[i])) {
            return false;
        }
        out->alignment_count++;
    }
    return true;
}

/* Which items of the course stand for those the rule names. Absent: as it is there. */
static bool read_items(const struct reader *r, const struct badge_path *path, const json_t *obj,
                       struct model_course_ref *out) {
    const json_t *list = json_object_get(obj, "items");
    const struct badge_path at = BADGE_AT_KEY(path, "items");
    struct badge_map map;
    if (list == NULL) {
        return true;
    }
    if (!badge_map_read(r->arena, r->doc, &at, list, &map)) {
        return false;
    }
    out->item_map = badge_map_text(r->arena, &map);
    return true;
}

static bool read_course(const struct reader *r, const struct badge_path *path, const json_t *obj,
                        struct model_course_ref *out) {
    static const char *const keys[] = {"issuer", "client_id", "deployment_id", "context_id",
                                       "items"};
    struct badge_text_limit id = {.max_chars = 255, .is_required = true};
    if (!json_is_object(obj)) {
        return badge_bad(r->doc, path,
                         "must be {\"issuer\", \"client_id\", \"deployment_id\", \"context_id\"}");
    }
    return badge_only_keys(r->doc, path, obj, keys, ARRAY_LEN(keys)) &&
           badge_text_member(r->arena, r->doc, path, obj, "issuer", url_limit, &out->issuer) &&
           badge_text_member(r->arena, r->doc, path, obj, "client_id", id, &out->client_id) &&
           badge_text_member(r->arena, r->doc, path, obj, "deployment_id", id,
                             &out->deployment_id) &&
           badge_text_member(r->arena, r->doc, path, obj, "context_id", id, &out->context_id) &&
           read_items(r, path, obj, out);
}

static bool course_eq(const struct model_course_ref *a, const struct model_course_ref *b) {
    return sv_eq(a->context_id, b->context_id) && sv_eq(a->deployment_id, b->deployment_id) &&
           sv_eq(a->client_id, b->client_id) && sv_eq(a->issuer, b->issuer);
}

static bool read_courses(const struct reader *r, const struct badge_path *path, const json_t *obj,
                         struct model_badge *out) {
    const json_t *list = NULL;
    if (!read_list(r, path, obj, "courses", MODEL_COURSE_REFS_MAX, &list)) {
        return false;
    }
    struct badge_path courses = BADGE_AT_KEY(path, "courses");
    out->courses = ARENA_ARRAY(r->arena, struct model_course_ref, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct badge_path at = BADGE_AT_INDEX(&courses, i);
        if (!read_course(r, &at, json_array_get(list, i), &out->courses[i])) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (course_eq(&out->courses[i], &out->courses[j])) {
                return badge_bad(r->doc, &at, "is the same course as courses[%zu]", j);
            }
        }
        out->course_count++;
    }
    return true;
}

static bool type_is_known(struct sv type) {
    if (sv_starts(type, SV("ext:"))) {
        struct sv name = sv_skip(type, 4);
        for (size_t i = 0; i < name.len; i++) {
            char c = name.ptr[i];
            bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!is_letter && !(c >= '0' && c <= '9') && strchr("._-", c) == NULL) {
                return false;
            }
        }
        return name.len > 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(achievement_types); i++) {
        if (sv_eq(type, sv_from(achievement_types[i]))) {
            return true;
        }
    }
    return false;
}

static bool read_type(const struct reader *r, const struct badge_path *path, const json_t *obj,
                      struct model_badge *out) {
    struct badge_text_limit limit = {.max_chars = 100};
    if (!badge_text_member(r->arena, r->doc, path, obj, "achievement_type", limit,
                           &out->achievement_type)) {
        return false;
    }
    if (out->achievement_type.len == 0) {
        out->achievement_type = SV("Badge");
    }
    if (type_is_known(out->achievement_type)) {
        return true;
    }
    const char *nearest = achievement_types[0];
    for (size_t i = 1; i < ARRAY_LEN(achievement_types); i++) {
        if (badge_distance(out->achievement_type, sv_from(achievement_types[i])) <
            badge_distance(out->achievement_type, sv_from(nearest))) {
            nearest = achievement_types[i];
        }
    }
    struct badge_path at = BADGE_AT_KEY(path, "achievement_type");
    return badge_bad(
        r->doc, &at,
        "is not a type of Open Badges; did you mean \"%s\"? (own types begin with ext:)", nearest);
}

/* A file's own name, not a road to elsewhere on the disk. */
static bool image_is_valid(struct sv name) {
    struct sv part;
    bool has_more = true;
    if (name.ptr[0] == '/' || sv_find(name, '\\') < name.len || sv_find(name, ':') < name.len) {
        return false;
    }
    while (has_more) {
        has_more = sv_cut(name, '/', &part, &name);
        if (part.len == 0 || sv_eq(part, SV(".."))) {
            return false;
        }
    }
    return true;
}

static bool read_texts(const struct reader *r, const struct badge_path *path, const json_t *obj,
                       struct model_badge *out) {
    const struct {
        const char *key;
        struct badge_text_limit limit;
        struct sv *out;
    } texts[] = {
        {"name", {.max_chars = BADGE_NAME_CHARS_MAX, .is_required = true}, &out->name},
        {"description",
         {.max_chars = BADGE_DESCRIPTION_CHARS_MAX, .is_required = true, .has_lines = true},
         &out->description},
        {"criteria", {.max_chars = BADGE_CRITERIA_CHARS_MAX, .has_lines = true}, &out->criteria},
        {"image", {.max_chars = 255}, &out->image},
        {"image_alt", {.max_chars = 500}, &out->image_alt},
        {"award_on", {.max_chars = 40}, &out->award_on},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!badge_text_member(r->arena, r->doc, path, obj, texts[i].key, texts[i].limit,
                               texts[i].out)) {
            return false;
        }
    }
    int year = 0;
    int month = 0;
    int day = 0;
    struct badge_path award_on = BADGE_AT_KEY(path, "award_on");
    if (out->award_on.len > 0 && !date_parse(out->award_on, &year, &month, &day)) {
        return badge_bad(r->doc, &award_on, "must be a date like \"2027-06-30\"");
    }
    struct badge_path image = BADGE_AT_KEY(path, "image");
    return out->image.len == 0 || image_is_valid(out->image) ||
           badge_bad(r->doc, &image, "must be the name of a file beside this one");
}

static bool read_choices(const struct reader *r, const struct badge_path *path, const json_t *obj,
                         struct model_badge *out) {
    struct badge_text_limit limit = {.max_chars = 1000};
    struct sv assessment;
    struct sv approval;
    struct sv drop;
    if (!badge_text_member(r->arena, r->doc, path, obj, "assessment", limit, &assessment) ||
        !badge_text_member(r->arena, r->doc, path, obj, "approval", limit, &approval) ||
        !badge_text_member(r->arena, r->doc, path, obj, "on_grade_drop", limit, &drop)) {
        return false;
    }
    struct badge_path at = BADGE_AT_KEY(path, "assessment");
    if (!badge_assessment_parse(assessment, &out->assessment)) {
        return badge_bad(r->doc, &at, "must be \"formative\" or \"summative\"");
    }
    at.key = "approval";
    if (approval.len > 0 && !badge_approval_parse(approval, &out->approval)) {
        return badge_bad(r->doc, &at, "must be \"automatic\" or \"teacher\"");
    }
    at.key = "on_grade_drop";
    if (drop.len > 0 && !badge_grade_drop_parse(drop, &out->on_grade_drop)) {
        return badge_bad(r->doc, &at, "must be \"keep\", \"review\" or \"revoke\"");
    }
    return true;
}

static bool read_days_and_gradebook(const struct reader *r, const struct badge_path *path,
                                    const json_t *obj, struct model_badge *out) {
    const json_t *days = json_object_get(obj, "valid_for_days");
    struct badge_path at = BADGE_AT_KEY(path, "valid_for_days");
    if (days != NULL && !json_is_null(days)) {
        json_int_t n = json_is_integer(days) ? json_integer_value(days) : 0;
        if (n < 1 || n > BADGE_VALID_DAYS_MAX) {
            return badge_bad(r->doc, &at, "must be a whole number from 1 to %d",
                             BADGE_VALID_DAYS_MAX);
        }
        out->valid_for_days = (int)n;
    }
    const json_t *gradebook = json_object_get(obj, "gradebook");
    at.key = "gradebook";
    if (gradebook != NULL && !json_is_null(gradebook) && !json_is_boolean(gradebook)) {
        return badge_bad(r->doc, &at, "must be true or false");
    }
    out->is_in_gradebook = json_is_true(gradebook);
    return true;
}

static bool read_badge(const struct reader *r, const struct badge_path *path, const json_t *obj,
                       struct model_badge *out, const struct badge_rule **rule_out) {
    static const char *const keys[] = {
        "key",      "name",          "description",      "criteria",
        "image",    "image_alt",     "achievement_type", "assessment",
        "tags",     "alignments",    "valid_for_days",   "award_on",
        "approval", "on_grade_drop", "gradebook",        "demands",
        "courses",  "rule"};
    if (!json_is_object(obj)) {
        return badge_bad(r->doc, path, "must be a badge: {\"key\", \"name\", ...}");
    }
    if (!badge_only_keys(r->doc, path, obj, keys, ARRAY_LEN(keys)) ||
        !read_key(r, path, obj, &out->key) || !read_texts(r, path, obj, out) ||
        !read_type(r, path, obj, out) || !read_choices(r, path, obj, out) ||
        !read_tags(r, path, obj, out) || !read_alignments(r, path, obj, out) ||
        !read_days_and_gradebook(r, path, obj, out) || !read_demands(r, path, obj, out) ||
        !read_courses(r, path, obj, out)) {
        return false;
    }
    const json_t *json = json_object_get(obj, "rule");
    if (json == NULL) {
        return badge_bad(r->doc, path, "needs \"rule\"");
    }
    struct badge_rule *rule = NULL;
    struct badge_path at = BADGE_AT_KEY(path, "rule");
    if (!badge_rule_read(r->arena, r->doc, &at, json, &rule)) {
        return false;
    }
    out->rule_json = badge_rule_text(r->arena, rule);
    *rule_out = rule;
    return true;
}

static bool key_is_new(const struct reader *r, const struct badge_path *path,
                       const struct badge_file *file, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (sv_eq(file->badges[i].key, file->badges[index].key)) {
            struct badge_path at = BADGE_AT_KEY(path, "key");
            return badge_bad(r->doc, &at, "\"%.*s\" is already the key of badges[%zu]",
                             SV_ARG(file->badges[i].key), i);
        }
    }
    return true;
}

static bool read_badges(const struct reader *r, const struct badge_path *root, const json_t *json,
                        struct badge_file *file) {
    const json_t *list = NULL;
    if (!read_list(r, root, json, "badges", BADGE_FILE_BADGES_MAX, &list)) {
        return false;
    }
    if (list == NULL) {
        return badge_bad(r->doc, root, "needs \"badges\", a list");
    }
    size_t count = json_array_size(list);
    struct badge_path badges = BADGE_AT_KEY(root, "badges");
    file->badges = ARENA_ARRAY(r->arena, struct model_badge, count);
    file->rules = ARENA_ARRAY(r->arena, const struct badge_rule *, count);
    for (size_t i = 0; i < count; i++) {
        struct badge_path at = BADGE_AT_INDEX(&badges, i);
        if (!read_badge(r, &at, json_array_get(list, i), &file->badges[i], &file->rules[i]) ||
            !key_is_new(r, &at, file, i)) {
            return false;
        }
        file->badge_count++;
    }
    return true;
}

static bool check_loops(struct arena *a, const struct badge_file *file, struct err *err) {
    struct badge_need *needs = ARENA_ARRAY(a, struct badge_need, file->badge_count);
    for (size_t i = 0; i < file->badge_count; i++) {
        struct sv *keys = NULL;
        needs[i].need_count = badge_rule_badges(a, file->rules[i], &keys);
        needs[i].needs = keys;
        needs[i].key = file->badges[i].key;
    }
    return badge_loop_check(a, needs, file->badge_count, err);
}

bool badge_file_parse(struct arena *a, struct sv text, struct badge_file **out, struct err *err) {
    static const char *const keys[] = {"issuer", "badges"};
    AUTO_JSON *json = NULL;
    if (sv_starts(text, SV("\xef\xbb\xbf"))) { /* editors on Windows write one (RFC 8259 8.1) */
        text = sv_skip(text, 3);
    }
    if (!js_parse(text, BADGE_FILE_BYTES_MAX, "the file", &json, err)) {
        return false;
    }
    struct badge_doc doc = {.text = text, .err = err};
    struct reader r = {.arena = a, .doc = &doc};
    struct badge_path root = {.up = NULL};
    struct badge_path issuer_at = BADGE_AT_KEY(&root, "issuer");
    struct badge_file *file = ARENA_NEW(a, struct badge_file);
    if (!json_is_object(json)) {
        return badge_bad(&doc, &root, "must be {\"issuer\": {...}, \"badges\": [...]}");
    }
    if (!badge_only_keys(&doc, &root, json, keys, ARRAY_LEN(keys))) {
        return false;
    }
    const json_t *issuer = json_object_get(json, "issuer");
    if (issuer == NULL) {
        return badge_bad(&doc, &root, "needs \"issuer\"");
    }
    if (!read_issuer(&r, &issuer_at, issuer, &file->issuer) ||
        !read_badges(&r, &root, json, file) || !check_loops(a, file, err)) {
        return false;
    }
    *out = file;
    return true;
}
