/* Issuers, badges and awards. Structs and enums, no behaviour. */
#pragma once
#include "base_clock.h"
#include "base_num.h"
#include "base_str.h"

enum model_approval { MODEL_APPROVAL_AUTOMATIC, MODEL_APPROVAL_TEACHER };
enum model_grade_drop { MODEL_DROP_KEEP, MODEL_DROP_REVIEW, MODEL_DROP_REVOKE };
enum model_assessment {
    MODEL_ASSESSMENT_NONE,
    MODEL_ASSESSMENT_FORMATIVE,
    MODEL_ASSESSMENT_SUMMATIVE
};

/* proposed -> issued | declined; issued <-> suspended; issued, suspended -> revoked | expired |
 * superseded (DESIGN 5, "Award"). */
enum model_award_state {
    MODEL_AWARD_PROPOSED,
    MODEL_AWARD_DECLINED,
    MODEL_AWARD_ISSUED,
    MODEL_AWARD_SUSPENDED,
    MODEL_AWARD_REVOKED,
    MODEL_AWARD_EXPIRED,
    MODEL_AWARD_SUPERSEDED
};

struct model_issuer {
    int64_t id;
    struct sv public_id; /* UUID */
    struct sv key, name, url, email, description;
    struct sv image; /* an address */
};

/* What an award's credential says of whose it is, by the learner's choice. */
enum model_identity {
    MODEL_IDENTITY_NONE,
    MODEL_IDENTITY_EMAIL, /* salted hash of the address */
    MODEL_IDENTITY_LTI,   /* salted hash of the account at the platform, and the platform */
    MODEL_IDENTITY_DID    /* a wallet's DID */
};
struct model_share {
    usec_t shared_at; /* 0: private */
    enum model_identity identity;
    struct sv identity_hash, salt; /* EMAIL, LTI: "sha256$hex" and what was hashed behind it */
    struct sv platform;            /* LTI: its issuer */
    struct sv did;                 /* DID */
    bool shows_results, shows_evidence;
    bool told_results, told_evidence; /* the badge demanded them when it was shared, and said so */
    bool shows_name;                  /* on the award's page; the credential never has it */
};

struct model_alignment {
    struct sv name, url, framework, code;
};

/* Where a badge is to be earned: names a course as launches name it. */
struct model_course_ref {
    struct sv issuer, client_id, deployment_id, context_id;
    struct sv item_map; /* JSON: its items for those of the rule (badge_map.h); empty: not said */
};

/* The `tag` of a badge's gradebook column, whoever makes it; its `resourceId` is the badge's public
 * id. */
#define MODEL_BADGE_LINE_TAG "laurel-badge"
#define MODEL_TAGS_MAX 50
#define MODEL_ALIGNMENTS_MAX 50
#define MODEL_COURSE_REFS_MAX 500

struct model_badge {
    int64_t id;
    struct sv public_id; /* UUIDv7 */
    struct sv key, name, description, criteria, image, image_alt, achievement_type;
    enum model_assessment assessment;
    struct sv tags[MODEL_TAGS_MAX];
    size_t tag_count;
    struct model_alignment alignments[MODEL_ALIGNMENTS_MAX];
    size_t alignment_count;
    int valid_for_days; /* 0: for ever */
    struct sv award_on; /* "2027-06-30": not awarded before; empty: at once */
    enum model_approval approval;
    enum model_grade_drop on_grade_drop;
    bool is_in_gradebook;
    bool demands_results, demands_evidence; /* they go with every award that is shared */
    struct model_course_ref *courses;
    size_t course_count;
    struct sv rule_json; /* compact text of the rule */
};
