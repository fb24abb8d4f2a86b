#include "page_lti_doctor.h"
#include "page_fix.h"
#include <string.h>

/* Which facts stand beside the words. */
enum {
    FACT_PLATFORM = 1, /* issuer and client id of the registration */
    FACT_KEYS = 2,     /* its key set URL */
    FACT_OURS = 4,     /* the addresses to register at the platform, exactly */
    FACT_LOGIN = 8,    /* issuer and client id as the login said them */
    FACT_LOGINS = 16   /* the own login addresses of those that share both */
};

static const struct row {
    const char *reason;
    enum err_code code; /* ERR_NONE: any */
    unsigned facts;
    const char *person; /* NULL: the error's own words */
    const char *fix;
} ROWS[] = {
    {"deployment", ERR_NONE, FACT_PLATFORM,
     "Your learning platform is connected, but the place in it that you came from is not let in.",
     "A badge administrator of the school approves or refuses it on Laurel's Connection page; the "
     "operator with `laurel platform approve`."},
    {"exp", ERR_NONE, FACT_PLATFORM, NULL,
     "If it happens to everybody, set the clocks of both servers by NTP: up to 60 seconds apart "
     "are forgiven. `laurel doctor` measures how far apart they are."},
    {"iat", ERR_NONE, FACT_PLATFORM, NULL,
     "Set the clocks of both servers by NTP: up to 60 seconds apart are forgiven. `laurel doctor` "
     "measures how far apart they are."},
    {"nbf", ERR_NONE, FACT_PLATFORM, NULL,
     "Set the clocks of both servers by NTP: up to 60 seconds apart are forgiven. `laurel doctor` "
     "measures how far apart they are."},
    {"aud", ERR_NONE, FACT_PLATFORM,
     "Your learning platform opened this page in the name of another tool.",
     "The client id of the tool at the platform and the one registered here must be the same. If "
     "the tool was made anew there, register the new client id with `laurel platform add`."},
    {"azp", ERR_NONE, FACT_PLATFORM,
     "Your learning platform opened this page in the name of another tool.",
     "The launch must be authorised (azp) for the client id that is registered here."},
    {"iss", ERR_NONE, FACT_PLATFORM,
     "Your learning platform gave another name in the launch than when you came.",
     "The issuer of the launch must be the registered one, letter by letter. On Moodle it is the "
     "site's address ($CFG->wwwroot); after a move, register the new one with `laurel platform "
     "add`."},
    {"kid", ERR_NONE, FACT_KEYS,
     "Your learning platform signed this launch with a key that it does not publish.",
     "The key set must list the key that signs launches, with its kid. After a change of keys wait "
     "a minute; if the key set has another address now, `laurel platform edit --jwks-url`."},
    {"alg", ERR_NONE, FACT_KEYS,
     "Your learning platform signed this launch in a way that LTI does not allow.",
     "Launches must be signed with RS256."},
    {"signature", ERR_NONE, FACT_KEYS,
     "The signature of this launch does not fit your learning platform's keys.",
     "Another key is published under this name, or the key set is another platform's: compare it "
     "with what `laurel platform show` prints."},
    {"keyset", ERR_NONE, FACT_KEYS,
     "Laurel cannot read your learning platform's keys at the moment, so nobody can be let in.",
     "This server must reach the key set: look at its address, the firewall, its certificate, and "
     "`outbound_allow` for a private host. `laurel doctor` tries it."},
    {"target_link_uri", ERR_NONE, FACT_OURS,
     "Your learning platform's link leads to another address than Laurel's.",
     "Register exactly the addresses that `laurel platform show` prints. A link that was made with "
     "an "
     "older address "
     "must be made again."},
    /* No refusal: a login that goes on (page_lti_note_target). */
    {"login_target", ERR_NONE, FACT_OURS, NULL,
     "Register exactly the addresses that `laurel platform show` prints. A link that was made with "
     "an "
     "older address "
     "must be made again."},
    /* Nor these: a launch that goes on in another window, and answers of the platform. */
    {"no_cookie", ERR_NONE, 0, NULL,
     "The browser kept no cookie inside the platform's page, and the platform offers no storage "
     "(Canvas does). People go on by a button in a window of its own; where it happens to many, "
     "let "
     "the platform open Laurel in a new window (Moodle: Launch container)."},
    {"unauthorized_client", ERR_NONE, FACT_PLATFORM, NULL,
     "The platform does not know this client id, or the tool is switched off there: compare it "
     "with "
     "`laurel platform show` and switch the tool on (Canvas: the developer key; Moodle: "
     "Activate)."},
    {"invalid_scope", ERR_NONE, FACT_PLATFORM, NULL,
     "The platform does not take Laurel's login: register the tool there as LTI 1.3."},
    {"unsupported_response_type", ERR_NONE, FACT_PLATFORM, NULL,
     "The platform does not take Laurel's login: register the tool there as LTI 1.3."},
    /* Only with a known registration: see row_of. */
    {"state", ERR_NONE, FACT_OURS,
     "Your learning platform sent this launch to the address of another platform.",
     "Several platforms are registered with this issuer and client id. Register exactly these "
     "addresses at this one: the redirect URI and the login URL belong together."},
    {"version", ERR_NONE, FACT_PLATFORM, "Your learning platform does not speak LTI 1.3 here.",
     "Set the tool up as LTI 1.3 (LTI Advantage) at the platform."},
    {"message_type", ERR_NONE, FACT_PLATFORM,
     "Your learning platform opened Laurel in a way that Laurel does not serve.",
     "Laurel serves resource links and deep linking: remove other placements of the tool."},
    {"roles", ERR_NONE, FACT_PLATFORM,
     "Your learning platform does not say in which role you come.",
     "The launch must carry the roles claim: let the platform share roles with the tool."},
    {"sub", ERR_NONE, FACT_PLATFORM, NULL,
     "The platform must say who comes (sub): do not let visitors without an account open the "
     "tool, and let the platform share the person's id."},
    {"registration", ERR_NOT_FOUND, FACT_LOGIN,
     "This learning platform is not connected to Laurel.",
     "If it should be: `laurel platform invite` gives a one-time link that connects it, `laurel "
     "platform add` takes its addresses by hand. If it is registered already, compare issuer and "
     "client id with `laurel platform list`, letter by letter; a registration that is switched off "
     "counts as none."},
    {"registration", ERR_CONFLICT, FACT_LOGIN | FACT_LOGINS,
     "Laurel cannot tell which of several learning platforms you come from.",
     "These platforms share issuer and client id, so each must use its own login URL, and the "
     "redirect URI with the same ending: `laurel platform show` says which is whose."},
};

/* The row of an error; NULL: nothing for an administrator. A state that does not open is no fault
 * of theirs: only one of a known registration came to a wrong address. */
static const struct row *row_of(const struct err *why, bool has_registration) {
    bool is_nobodys = strcmp(why->reason, "state") == 0 && !has_registration;
    for (size_t i = 0; i < ARRAY_LEN(ROWS) && !is_nobodys; i++) {
        if (strcmp(ROWS[i].reason, why->reason) == 0 &&
            (ROWS[i].code == ERR_NONE || ROWS[i].code == why->code)) {
            return &ROWS[i];
        }
    }
    return NULL;
}

const char *page_fix_for(struct sv reason) {
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if (sv_eq(reason, sv_from(ROWS[i].reason))) {
            return ROWS[i].fix;
        }
    }
    return "";
}

bool page_lti_doctor_knows(const struct err *why, bool has_registration) {
    return row_of(why, has_registration) != NULL;
}

const char *page_lti_doctor_sentence(const struct err *why, bool has_registration) {
    const struct row *row = row_of(why, has_registration);
    return row == NULL ? NULL : row->person;
}

#define SHOWN_MAX 300

static void add_fact(json_t *facts, const char *name, struct sv value) {
    json_t *one = json_object();
    struct sv text = sv_clip_utf8(value, SHOWN_MAX);
    page_set_text(one, "name", sv_from(name));
    page_set_text(one, "value",
                  text.len == 0       ? SV("(none was sent)")
                  : !sv_is_utf8(text) ? SV("(not readable)")
                                      : text);
    (void)json_array_append_new(facts, one);
}

/* A parameter of the login as it came, from body or query. */
static struct sv sent(struct page *p, const char *name) {
    struct web_form forms[2] = {0};
    struct err ignored = {0};
    struct sv value = {0};
    bool is_read[] = {web_query(p->req, &forms[0], &ignored),
                      p->req->method == WEB_POST && web_form(p->req, &forms[1], &ignored)};
    for (size_t i = 0; i < ARRAY_LEN(forms) && value.len == 0; i++) {
        if (!is_read[i] || !web_form_one(&forms[i], name, &value, &ignored)) {
            value = sv_of(NULL, 0);
        }
    }
    return value;
}

#define LOGINS_MAX 10

/* The login addresses of the platforms that share what the login said. */
static void add_logins(struct page *p, json_t *facts) {
    struct model_registration *all = NULL;
    size_t count = 0;
    size_t shown = 0;
    struct err ignored = {0};
    const struct store_registration_key key = {.issuer = sent(p, "iss"),
                                               .client_id = sent(p, "client_id")};
    if (!store_registration_list(p->app->options.store, &key, p->arena, &all, &count, &ignored)) {
        return; /* the words say where else to look */
    }
    for (size_t i = 0; i < count && shown < LOGINS_MAX; i++) {
        if (all[i].is_enabled) {
            add_fact(facts, "A login URL",
                     sv_printf(p->arena, "%.*s/lti/login/%.*s", SV_ARG(p->app->options.base_url),
                               SV_ARG(all[i].slug)));
            shown++;
        }
    }
}

/* The addresses as this registration must have them: with its own ending where it came to
 * another's, else as it came. */
static void add_ours(const struct page *p, json_t *facts, struct sv slug) {
    struct sv base = p->app->options.base_url;
    const char *slash = slug.len == 0 ? "" : "/";
    add_fact(facts, "Tool URL, target link URI and redirect URI",
             sv_printf(p->arena, "%.*s/lti/launch%s%.*s", SV_ARG(base), slash, SV_ARG(slug)));
    add_fact(facts, "Initiate login URL",
             sv_printf(p->arena, "%.*s/lti/login%s%.*s", SV_ARG(base), slash, SV_ARG(slug)));
    add_fact(facts, "Public keyset URL", sv_printf(p->arena, "%.*s/lti/jwks", SV_ARG(base)));
}

json_t *page_lti_doctor(struct page *p, const struct err *why,
                        const struct model_registration *registration) {
    const struct row *row = row_of(why, registration != NULL);
    if (row == NULL) {
        return json_null();
    }
    json_t *admin = json_object();
    json_t *facts = json_array();
    bool is_misdirected = registration != NULL && strcmp(why->reason, "state") == 0;
    if (registration != NULL && (row->facts & FACT_PLATFORM) != 0) {
        add_fact(facts, "Issuer", registration->issuer);
        add_fact(facts, "Client id", registration->client_id);
    }
    if (registration != NULL && (row->facts & FACT_KEYS) != 0) {
        add_fact(facts, "Key set", registration->jwks_url);
    }
    if ((row->facts & FACT_LOGIN) != 0 && sent(p, "iss").len > 0) { /* a login, not its launch */
        add_fact(facts, "Issuer as it was sent", sent(p, "iss"));
        add_fact(facts, "Client id as it was sent", sent(p, "client_id"));
    }
    if ((row->facts & FACT_LOGINS) != 0) {
        add_logins(p, facts);
    }
    if ((row->facts & FACT_OURS) != 0) {
        add_ours(p, facts, is_misdirected ? registration->slug : web_arg(p->req, "registration"));
    }
    page_set_text(admin, "said", page_sentence(p->arena, sv_from(why->text)));
    page_set_text(admin, "fix", sv_from(row->fix));
    page_set_bool(admin, "has_facts", json_array_size(facts) > 0);
    (void)json_object_set_new(admin, "facts", facts);
    return admin;
}

bool page_lti_parked(const struct model_launch *launch, enum store_parking parking,
                     struct err *err) {
    static const char *const words[] = {
        [STORE_PARKING_WAITS] = "is not known here yet and waits for approval",
        [STORE_PARKING_INACTIVE] = "is switched off here",
        [STORE_PARKING_FULL] = "is not known here, and too many others wait for approval already"};
    return err_because(err, ERR_DENIED, "deployment", "the deployment \"%.*s\" %s",
                       SV_ARG(launch->deployment_id), words[parking]);
}
