#include "lti_event.h"
#include "base_encode.h"
#include "base_json.h"
#include "base_num.h"
#include "jose_jws.h"
#include <string.h>

#define SHARD_SIZE INT64_C(10000000000000) /* global ids: shard * 10^13 + local id */
#define NAME_MAX_BYTES 64
#define CANVAS_EXTENSION "com.instructure.canvas"
#define COURSE_URN "urn:instructure:canvas:course:"

static bool refuse(struct err *err, const char *reason, const char *text) {
    return err_because(err, ERR_DENIED, reason, "%s", text);
}

static bool open_token(struct arena *a, struct lti_keysets *keys,
                       const struct lti_event_check *check, struct sv body, json_t **payload,
                       struct err *err) {
    struct jose_jws jws;
    struct err why = {0};
    if (body.len > 0 && (body.ptr[0] == '{' || body.ptr[0] == '[')) {
        return refuse(err, "unsigned",
                      "the event is not signed: switch on \"Sign Payload\" for this data stream in "
                      "Canvas");
    }
    if (!jose_jws_split(a, body, LTI_EVENT_BODY_MAX, &jws, err) || !jose_jws_header(a, &jws, err)) {
        return false;
    }
    struct jose_key *found = NULL;
    bool is_found =
        lti_keysets_find(keys, check->keys_id, check->jwks_url, jws.kid, check->now, &found, err);
    AUTO_JOSE_KEY *key = found;
    if (!is_found) {
        return false;
    }
    if (!jose_key_verify_rs256(key, jws.signing_input, jws.signature)) {
        return refuse(err, "signature", "the event's signature is wrong");
    }
    return (js_parse(jws.payload, LTI_EVENT_BODY_MAX, "an event", payload, &why) &&
            json_is_object(*payload)) ||
           refuse(err, "json", "the event is not one JSON object");
}

static struct sv text_of(const json_t *object, const char *key) {
    return js_sv(json_object_get(object, key));
}

static bool time_check(struct sv text, usec_t now, struct err *err) {
    usec_t at = 0;
    bool is_good = rfc3339_parse(text, &at) && at >= now - LTI_EVENT_AGE_MAX_S * USEC_PER_S &&
                   at <= now + LTI_EVENT_SKEW_S * USEC_PER_S;
    return is_good || refuse(err, "event_time",
                             "the event has no time, is older than a day or from the future");
}

static bool school_check(struct sv uuid, const struct lti_event_check *check, struct err *err) {
    bool is_ours = check->root_account_uuid.len > 0 && sv_eq(uuid, check->root_account_uuid);
    return is_ours || refuse(err, "root_account",
                             "the event is of another Canvas account than this address is for");
}

static bool name_read(struct sv name, struct arena *a, struct lti_event *out, struct err *err) {
    if (name.len == 0 || name.len > NAME_MAX_BYTES || !sv_is_printable_ascii(name)) {
        return refuse(err, "event", "the token is no event of Canvas's: it has no name of one");
    }
    out->name = sv_copy(a, name);
    return true;
}

/* An id, as text or number; 0 when it is none. */
static int64_t id_of(const json_t *value) {
    int64_t id = 0;
    if (json_is_integer(value)) {
        return json_integer_value(value) > 0 ? json_integer_value(value) : 0;
    }
    return num_parse_i64(js_sv(value), 1, INT64_MAX, &id) ? id : 0;
}

static void refs_add(struct lti_event *out, struct arena *a, int64_t id) {
    if (id == 0) {
        return;
    }
    int64_t local = id % SHARD_SIZE;
    int64_t shard = id / SHARD_SIZE;
    out->course_refs[out->course_ref_count++] = sv_printf(a, "%lld", (long long)id);
    if (shard > 0 && local > 0) {
        out->course_refs[out->course_ref_count++] = sv_printf(a, "%lld", (long long)local);
        out->course_refs[out->course_ref_count++] =
            sv_printf(a, "%lld~%lld", (long long)shard, (long long)local);
    }
}

/* --- events as Canvas writes them */

static const char *const HINTS[] = {
    "grade_change",       "grade_override",  "course_grade_change",
    "course_completed",   "course_progress", "submission_created",
    "submission_updated", "enrollment_",     "learning_outcome_result_",
    "assignment_",        "module_",
};

/* By the beginning of its name: what comes in a family counts whole. */
static bool is_hint_name(struct sv name) {
    for (size_t i = 0; i < ARRAY_LEN(HINTS); i++) {
        struct sv hint = sv_from(HINTS[i]);
        bool is_family = sv_ends(hint, SV("_"));
        if (is_family ? sv_starts(name, hint) : sv_eq(name, hint)) {
            return true;
        }
    }
    return false;
}

static int64_t raw_course(const json_t *metadata, const json_t *body) {
    const struct {
        bool is_course;
        const json_t *id;
    } places[] = {
        {sv_eq(text_of(metadata, "context_type"), SV("Course")),
         json_object_get(metadata, "context_id")},
        {true, json_object_get(body, "course_id")},
        {true, json_object_get(json_object_get(body, "course"), "id")},
        {sv_eq(text_of(body, "context_type"), SV("Course")), json_object_get(body, "context_id")},
    };
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        int64_t id = places[i].is_course ? id_of(places[i].id) : 0;
        if (id != 0) {
            return id;
        }
    }
    return 0;
}

static bool raw_read(const json_t *payload, const struct lti_event_check *check, struct arena *a,
                     struct lti_event *out, struct err *err) {
    const json_t *metadata = NULL;
    const json_t *body = NULL;
    if (!js_object(payload, "metadata", &metadata) || !js_object(payload, "body", &body) ||
        metadata == NULL || body == NULL) {
        return refuse(err, "event", "the token is no event of Canvas's");
    }
    struct sv at = text_of(metadata, "event_time");
    if (!name_read(text_of(metadata, "event_name"), a, out, err) ||
        !time_check(at, check->now, err) ||
        !school_check(text_of(metadata, "root_account_uuid"), check, err)) {
        return false;
    }
    out->is_hint = is_hint_name(out->name);
    refs_add(out, a, raw_course(metadata, body));
    struct sv entity = js_dump(a, body);
    struct sv about = sv_printf(a, "%.*s\n%.*s\n%.*s\n%.*s", SV_ARG(out->name), SV_ARG(at),
                                SV_ARG(text_of(metadata, "request_id")), SV_ARG(entity));
    sha256(about.ptr, about.len, out->digest);
    return true;
}

/* --- events as Caliper 1.1 writes them */

static const json_t *extension(const json_t *thing) {
    return json_object_get(json_object_get(thing, "extensions"), CANVAS_EXTENSION);
}

static bool is_caliper_hint(const json_t *event) {
    struct sv type = text_of(event, "type");
    struct sv action = text_of(event, "action");
    struct sv object = text_of(json_object_get(event, "object"), "type");
    return sv_eq(type, SV("GradeEvent")) || sv_eq(action, SV("Graded")) ||
           sv_eq(action, SV("Submitted")) ||
           (sv_eq(type, SV("Event")) &&
            (sv_eq(object, SV("AssignableDigitalResource")) || sv_eq(object, SV("Membership"))));
}

static int64_t caliper_course(const json_t *event) {
    const json_t *group = json_object_get(event, "group");
    const json_t *more = extension(group);
    struct sv urn = text_of(group, "id");
    int64_t id = 0;
    if (sv_starts(urn, SV(COURSE_URN)) &&
        num_parse_i64(sv_skip(urn, sizeof COURSE_URN - 1), 1, INT64_MAX, &id)) {
        return id;
    }
    return sv_eq(text_of(more, "context_type"), SV("Course"))
               ? id_of(json_object_get(more, "entity_id"))
               : 0;
}

static bool caliper_read(const json_t *event, const struct lti_event_check *check, struct arena *a,
                         struct lti_event *out, struct err *err) {
    struct sv school = text_of(extension(json_object_get(event, "actor")), "root_account_uuid");
    if (school.len == 0) {
        school = text_of(extension(event), "root_account_uuid");
    }
    if (!name_read(text_of(event, "type"), a, out, err) ||
        !time_check(text_of(event, "eventTime"), check->now, err) ||
        !school_check(school, check, err)) {
        return false;
    }
    out->is_hint = is_caliper_hint(event);
    refs_add(out, a, caliper_course(event));
    struct sv whole = js_dump(a, event);
    sha256(whole.ptr, whole.len, out->digest);
    return true;
}

bool lti_event_verify(struct arena *a, struct lti_keysets *keys,
                      const struct lti_event_check *check, struct sv body, struct lti_event **out,
                      size_t *count, struct err *err) {
    json_t *root = NULL;
    const json_t *list = NULL;
    bool is_open = open_token(a, keys, check, sv_trim(body), &root, err);
    AUTO_JSON *payload = root;
    if (!is_open) {
        return false;
    }
    if (!js_array(payload, "data", &list)) {
        return refuse(err, "event", "the token is no event of Canvas's");
    }
    *count = list == NULL ? 1 : json_array_size(list);
    if (*count == 0 || *count > LTI_EVENTS_MAX) {
        return refuse(err, "event", "the token holds no event, or too many");
    }
    *out = ARENA_ARRAY(a, struct lti_event, *count);
    if (list == NULL) {
        return raw_read(payload, check, a, &(*out)[0], err);
    }
    for (size_t i = 0; i < *count; i++) {
        if (!caliper_read(json_array_get(list, i), check, a, &(*out)[i], err)) {
            return false;
        }
    }
    return true;
}
