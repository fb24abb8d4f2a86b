/* Badge files: one issuer and its badges as JSON (DESIGN 3.3), read and written. Pure. */
#pragma once
#include "badge_rule.h"
#include "model_badge.h"

#define BADGE_FILE_BYTES_MAX ((size_t)1024 * 1024)
#define BADGE_FILE_BADGES_MAX 1000
#define BADGE_NAME_CHARS_MAX 200
#define BADGE_DESCRIPTION_CHARS_MAX 2000
#define BADGE_CRITERIA_CHARS_MAX 20000
#define BADGE_VALID_DAYS_MAX 36500

/* badges[i].rule_json is the canonical text of rules[i]. Ids are 0, public_id empty.
 * Defaults of absent members: achievement_type "Badge", approval automatic, on_grade_drop keep,
 * gradebook false, nothing demanded, valid for ever, awarded at once, no criteria (the rule's words
 * serve then). */
struct badge_file {
    struct model_issuer issuer;
    struct model_badge *badges;
    const struct badge_rule **rules;
    size_t badge_count;
};

/* Parse `text` (borrowed only until return, <= 1 MiB). *out lives in `a`.
 * Required: issuer.key, .name, .url; each badge's key, name, description and rule. Unknown members,
 * doubled keys and loops between the file's badges are errors. Fails: ERR_INPUT, one sentence that
 * begins with the path "badges[2].rule.all[1].min_percent" and ends with line and column. */
NODISCARD bool badge_file_parse(struct arena *a, struct sv text, struct badge_file **out,
                                struct err *err);

/* The file as JSON; new reference. Of each badge only the members that differ from their defaults
 * are written, and badges[i].rule_json is not looked at: rules[i] counts. */
json_t *badge_file_write(const struct badge_file *file);
/* The same as text: indented by 2, final newline, numbers as people wrote them. */
struct sv badge_file_text(struct arena *a, const struct badge_file *file);

/* "[a-z0-9][a-z0-9-]{0,63}": what issuers' and badges' keys look like. */
bool badge_key_is_valid(struct sv key);
/* An absolute https URL without credentials or white space; http for localhost, 127.0.0.0/8 and
 * [::1]. */
bool badge_url_is_valid(struct sv url);

/* Enum texts as files and the database spell them; "" for MODEL_ASSESSMENT_NONE. */
const char *badge_assessment_name(enum model_assessment v);
const char *badge_approval_name(enum model_approval v);
const char *badge_grade_drop_name(enum model_grade_drop v);
NODISCARD bool badge_assessment_parse(struct sv text, enum model_assessment *out);
NODISCARD bool badge_approval_parse(struct sv text, enum model_approval *out);
NODISCARD bool badge_grade_drop_parse(struct sv text, enum model_grade_drop *out);
