#include "lti_nrps.h"
#include "lti_ags.h"
#include "lti_optional.h"
#include "lti_roles.h"

#define TYPE_ROSTER "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
#define USER_ID_MAX 255
#define NAME_BYTES_MAX 500

static bool bad_roster(struct err *err, const char *why) {
    (void)err_because(err, ERR_UPSTREAM, "roster", "the platform's list of members %s", why);
    return err_retry_as(err, ERR_RETRY_LATER);
}

/* A text of a member, or nothing: names are for show and never worth losing the roster for. */
static struct sv text_of(const json_t *v, const char *name, struct arena *a) {
    struct sv text;
    if (!js_string(v, name, &text)) {
        return sv_of(NULL, 0);
    }
    return sv_copy(a, sv_clip_utf8(text, NAME_BYTES_MAX));
}

static struct sv name_of(const json_t *v, struct arena *a) {
    struct sv name = text_of(v, "name", a);
    if (name.len > 0) {
        return name;
    }
    struct sv given = text_of(v, "given_name", a);
    struct sv family = text_of(v, "family_name", a);
    return sv_trim(sv_printf(a, "%.*s %.*s", SV_ARG(given), SV_ARG(family)));
}

/* The member's custom parameter in any of its messages (only with rlid; lti.md 5). Canvas gives
 * numbers where a variable is the whole value; "$Canvas.user.id" is one it did not know. */
static struct sv canvas_id_of(const json_t *v, struct arena *a) {
    const json_t *messages = json_object_get(v, "message");
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *custom = json_object_get(json_array_get(messages, i), LTI_CLAIM "custom");
        const json_t *id = json_object_get(custom, LTI_CUSTOM_USER);
        struct sv text = json_is_integer(id)
                             ? sv_printf(a, "%lld", (long long)json_integer_value(id))
                             : js_sv(id);
        if (text.len > 0 && text.len <= USER_ID_MAX && text.ptr[0] != '$') {
            return sv_copy(a, text);
        }
    }
    return sv_of(NULL, 0);
}

/* False: nobody to list. */
static bool member_read(const json_t *v, struct arena *a, struct model_member *out) {
    struct sv user;
    struct sv status;
    const json_t *roles = NULL;
    if (!json_is_object(v) || !js_string(v, "user_id", &user) || user.len == 0 ||
        user.len > USER_ID_MAX || !js_string(v, "status", &status) ||
        !js_array(v, "roles", &roles) || sv_eq(status, SV("Deleted"))) {
        return false;
    }
    struct lti_roles held = {0};
    for (size_t i = 0; i < json_array_size(roles) && i < LTI_ROLES_MAX; i++) {
        lti_roles_add(&held, js_sv(json_array_get(roles, i)));
    }
    struct sv id = sv_copy(a, user);
    *out = (struct model_member){.person_ref = id,
                                 .sub = id,
                                 .canvas_id = canvas_id_of(v, a),
                                 .name = name_of(v, a),
                                 .email = text_of(v, "email", a),
                                 .sourcedid = text_of(v, "lis_person_sourcedid", a),
                                 .is_learner = held.is_learner && !held.is_test_user,
                                 .is_teacher = held.is_teacher,
                                 .is_active = status.len == 0 || sv_eq(status, SV("Active"))};
    return true;
}

static void reserve(struct lti_roster *r, size_t more, struct arena *a) {
    if (r->count + more <= r->cap) {
        return;
    }
    size_t cap = 2 * r->cap > r->count + more ? 2 * r->cap : r->count + more;
    struct model_member *longer = ARENA_ARRAY(a, struct model_member, cap);
    if (r->count > 0) {
        memcpy(longer, r->members, r->count * sizeof *longer);
    }
    r->members = longer;
    r->cap = cap;
}

bool lti_nrps_page_parse(struct sv body, struct arena *a, struct lti_roster *out, struct err *err) {
    AUTO_JSON *page = NULL;
    const json_t *list = NULL;
    if (!js_parse(body, LTI_SERVICE_BODY_MAX, "roster", &page, NULL) ||
        !js_array(page, "members", &list) || list == NULL) {
        return bad_roster(err, "is not what the standard says");
    }
    size_t more = json_array_size(list);
    if (out->count + more > LTI_ROSTER_MAX) {
        return bad_roster(err, "is too long");
    }
    reserve(out, more, a);
    for (size_t i = 0; i < more; i++) {
        out->count += member_read(json_array_get(list, i), a, &out->members[out->count]) ? 1 : 0;
    }
    out->pages++;
    return true;
}

bool lti_nrps_read(const struct lti_service *service, struct sv memberships_url, struct arena *a,
                   struct lti_roster *out, struct err *err) {
    struct lti_pages pages;
    lti_pages_init(&pages, memberships_url);
    *out = (struct lti_roster){0};
    while (pages.next.len > 0) {
        AUTO_ARENA scratch = {0}; /* a page's bytes go when it is read: there may be 2000 */
        const struct lti_service_call call = {.method = NET_GET,
                                              .url = pages.next,
                                              .what = "reading the members of the course",
                                              .scopes = {LTI_SCOPE_ROSTER},
                                              .accept = TYPE_ROSTER};
        struct net_response response;
        if (!lti_service_send(service, &call, &scratch, &response, err) ||
            !lti_service_check(&response, call.what, err) ||
            !lti_nrps_page_parse(response.body, a, out, err) ||
            !lti_pages_advance(&pages, &response, a, err)) {
            return false;
        }
    }
    return true;
}

bool lti_nrps_read_link(const struct lti_service *service, struct sv memberships_url,
                        struct sv resource_link_id, struct arena *a, struct lti_roster *out,
                        struct err *err) {
    struct sv url = {0};
    return lti_ags_query_url(a, memberships_url, SV("rlid"), resource_link_id, &url, err) &&
           lti_nrps_read(service, url, a, out, err);
}
