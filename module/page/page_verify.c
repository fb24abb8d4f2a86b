/* GET and POST /verify: anyone checks anybody's Open Badge (DESIGN 3.2, 7; Open Badges 3.0, 9).
 *
 * What others host is fetched by the class *verification* and within a total time; what is our own
 * is answered by our own pages, without the network. Nothing is stored. */
#include "page_verify.h"
#include "base_log.h"
#include "credential_unbake.h"
#include "net_gate.h"
#include "page_internal.h"
#include <string.h>

#define BUDGET (20 * USEC_PER_S)
#define TEXT_BYTES_MAX ((size_t)512 << 10)
#define EMAIL_BYTES_MAX 254

void page_verify_fetch(struct net_client *net, enum net_class net_class, int timeout_ms,
                       struct credential_source *source, struct arena *a) {
    const struct net_header accept = {
        .name = SV("Accept"),
        .value = SV("application/vc, application/ld+json, application/json, text/plain;q=0.8, "
                    "image/png;q=0.7, image/svg+xml;q=0.7, */*;q=0.1")};
    struct err err = {0};
    struct net_response response = {0};
    const struct net_request request = {.method = NET_GET,
                                        .net_class = net_class,
                                        .url = source->url,
                                        .headers = &accept,
                                        .header_count = 1,
                                        .total_timeout_ms = timeout_ms,
                                        .body_max_bytes = NET_VERIFICATION_BODY_MAX};
    if (!net_fetch(net, &request, &response, a, &err)) {
        source->problem = sv_copy(a, sv_from(err.text));
    } else if (response.status >= 300 && response.status <= 399) {
        source->problem = SV("it sends on to another address, which is not followed; use that one");
    } else if (response.status < 200 || response.status > 299) {
        source->problem = sv_printf(a, "it answers with status %d", response.status);
        source->is_gone = response.status == 410;
    } else {
        source->body = response.body;
    }
}

/* Only what anybody may read: no page of a launch is ever asked for in a stranger's name. */
static bool is_public(struct sv path) {
    static const char *const roots[] = {"/awards/", "/badges/",      "/issuers/", "/keys/",
                                        "/status/", "/revocations/", "/ob2/",     "/.well-known/"};
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        if (sv_starts(path, sv_from(roots[i]))) {
            return true;
        }
    }
    return false;
}

static void answer_ourselves(struct page *p, struct sv path, struct credential_source *source) {
    struct web_request req = {0};
    struct web_response resp;
    struct err err = {0};
    size_t length = 0;
    char method[] = "REQUEST_METHOD=GET";
    char accept[] = "HTTP_ACCEPT=application/vc, application/ld+json, application/json;q=0.9";
    struct sv uri = sv_printf(p->arena, "REQUEST_URI=%.*s", SV_ARG(path));
    char *params[] = {method, arena_copy(p->arena, uri.ptr, uri.len), accept, NULL};
    web_response_init(&resp, p->arena);
    if (!is_public(path) ||
        !web_request_read(p->arena, params, WEB_BODY_MAX_BYTES, &req, &length, &err)) {
        source->problem = SV("there is no such document");
        return;
    }
    req.id = p->req->id;
    page_handle(p->app, &req, &resp);
    if (resp.status == 200) {
        source->body = web_response_body(&resp);
    } else {
        source->problem = sv_printf(p->arena, "it answers with status %d", resp.status);
        source->is_gone = resp.status == 410;
    }
}

/* One check on its way. */
struct visit {
    struct page *p;
    struct sv text, email; /* as typed */
    const struct web_file *file;
    usec_t until; /* of the monotonic clock: nothing is fetched later */
    bool is_busy; /* too many wait for other servers already */
};

static void fetch(void *ctx, struct credential_source *source, struct arena *a) {
    struct visit *v = ctx;
    struct page_app *app = v->p->app;
    struct sv base = app->options.base_url;
    struct err full = {0};
    usec_t left = v->until - clock_monotonic();
    if (sv_starts(source->url, base) && sv_starts(sv_skip(source->url, base.len), SV("/"))) {
        answer_ourselves(v->p, sv_skip(source->url, base.len), source);
    } else if (left <= 0) {
        source->problem = SV("the addresses it names answer too slowly");
    } else if (!net_gate_enter(&app->verify_gate, &full)) {
        v->is_busy = true;
        source->problem = sv_copy(a, sv_from(full.text));
    } else {
        int64_t ms = left / 1000 < NET_TOTAL_MS ? left / 1000 + 1 : NET_TOTAL_MS;
        page_verify_fetch(app->options.net, NET_CLASS_VERIFICATION, (int)ms, source, a);
        net_gate_leave(&app->verify_gate);
    }
}

static void verify(struct visit *v, struct credential_report *report) {
    const struct credential_fetcher fetcher = {.fetch = fetch, .ctx = v};
    const struct credential_verify_input in = {
        .bytes = v->file != NULL ? v->file->content : v->text, .now = v->p->now, .email = v->email};
    v->until = clock_monotonic() + BUDGET;
    credential_verify_with(&in, &fetcher, v->p->arena, report);
    log_event(LOG_LEVEL_INFO, "verified", LOG_INT("valid", report->is_valid ? 1 : 0));
}

static bool has_verdict(const struct credential_report *r, enum credential_verdict verdict) {
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        if (r->checks[i].verdict == verdict) {
            return true;
        }
    }
    return false;
}

struct look {
    const char *state, *title;
};

static struct look look_of(const struct credential_report *r) {
    if (r->is_valid) {
        return (struct look){"earned", "This badge is valid"};
    }
    if (r->checks[CREDENTIAL_CHECK_FORMAT].verdict == CREDENTIAL_FAILED) {
        return (struct look){"problem", "No badge was found in this"};
    }
    return has_verdict(r, CREDENTIAL_FAILED)
               ? (struct look){"problem", "This badge is not valid"}
               : (struct look){"review", "This badge could not be checked to the end"};
}

static json_t *checks_model(const struct credential_report *r) {
    static const char *const titles[] = {
        [CREDENTIAL_CHECK_FORMAT] = "What was handed in",
        [CREDENTIAL_CHECK_VERSION] = "Standard",
        [CREDENTIAL_CHECK_STRUCTURE] = "Completeness",
        [CREDENTIAL_CHECK_SIGNATURE] = "Signature",
        [CREDENTIAL_CHECK_ISSUER] = "Issuer",
        [CREDENTIAL_CHECK_DATES] = "Dates",
        [CREDENTIAL_CHECK_STATUS] = "Withdrawn or suspended",
        [CREDENTIAL_CHECK_RECIPIENT] = "Awarded to this address",
    };
    static const struct {
        const char *state, *icon, *word;
    } looks[] = {[CREDENTIAL_PASSED] = {"met", "met", "Passed"},
                 [CREDENTIAL_FAILED] = {"missed", "problem", "Not passed"},
                 [CREDENTIAL_NOT_POSSIBLE] = {"needs_teacher", "info", "Could not be checked"}};
    json_t *list = json_array();
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        if (credential_check_is_done(r, i)) {
            enum credential_verdict verdict = r->checks[i].verdict;
            json_t *one = json_object();
            page_set_text(one, "state", sv_from(looks[verdict].state));
            page_set_text(one, "icon", sv_from(looks[verdict].icon));
            page_set_text(one, "word", sv_from(looks[verdict].word));
            page_set_text(one, "title", sv_from(titles[i]));
            page_set_text(one, "text", r->checks[i].text);
            (void)json_array_append_new(list, one);
        }
    }
    return list;
}

static void fact(json_t *list, const char *label, struct sv value) {
    if (value.len > 0) {
        json_t *one = json_object();
        page_set_text(one, "label", sv_from(label));
        page_set_text(one, "value", value);
        (void)json_array_append_new(list, one);
    }
}

static struct sv day(const struct page *p, struct sv rfc3339) {
    char text[TEXT_TIME_MAX];
    usec_t at = 0;
    return rfc3339_parse(rfc3339, &at) ? sv_copy(p->arena, sv_from(text_date(p->zone, at, text)))
                                       : rfc3339;
}

static json_t *report_model(const struct page *p, const struct credential_report *r) {
    struct look look = look_of(r);
    json_t *model = json_object();
    json_t *facts = json_array();
    fact(facts, "Badge", r->name);
    fact(facts, "Issued by", r->issuer_name);
    fact(facts, "Issuer's address", r->issuer_id);
    fact(facts, "Issued on", day(p, r->awarded));
    fact(facts, "Valid until", day(p, r->valid_until));
    page_set_text(model, "state", sv_from(look.state));
    page_set_text(model, "title", sv_from(look.title));
    page_set_bool(model, "is_valid", r->is_valid);
    page_set_bool(model, "has_facts", json_array_size(facts) > 0);
    (void)json_object_set_new(model, "facts", facts);
    (void)json_object_set_new(model, "checks", checks_model(r));
    return model;
}

static json_t *problem_model(const char *text) {
    if (text == NULL) {
        return json_null();
    }
    json_t *problem = json_object();
    page_set_text(problem, "text", sv_from(text));
    return problem;
}

/* report NULL: nothing was checked; problem NULL: nothing is wrong with the form. */
static bool show(const struct visit *v, int status, const struct credential_report *report,
                 const char *problem, struct err *err) {
    struct page *p = v->p;
    json_t *model = page_model(p, SV("Check a badge"));
    (void)json_object_set_new(model, "report",
                              report == NULL ? json_null() : report_model(p, report));
    (void)json_object_set_new(model, "problem", problem_model(problem));
    page_set_text(model, "text", v->text);
    page_set_text(model, "email", v->email);
    return page_render(p, status, "verify.html", model, err);
}

static bool wants_json(const struct page *p) { return web_prefers(p->req, "application/json"); }

static bool conclude(struct visit *v, struct err *err) {
    struct credential_report report;
    verify(v, &report);
    if (v->is_busy && !report.is_valid && !has_verdict(&report, CREDENTIAL_FAILED)) {
        return err_because(err, ERR_UPSTREAM, "busy",
                           "many badges are being checked at the moment; try again in a minute");
    }
    if (!wants_json(v->p)) {
        return show(v, 200, &report, NULL, err);
    }
    AUTO_JSON *json = credential_report_json(&report);
    return web_json(v->p->resp, 200, NULL, json, err);
}

/* A link of ours ("Check it yourself") is checked at once; another's only when somebody asks, so
 * that no page of anybody makes our server call others. */
bool page_verify(struct page *p, struct err *err) {
    struct visit v = {.p = p};
    struct web_form form = {0};
    struct sv base = p->app->options.base_url;
    if (!web_query(p->req, &form, err) || !web_form_one(&form, "url", &v.text, err)) {
        return false;
    }
    bool is_ours = sv_starts(v.text, base) && sv_starts(sv_skip(v.text, base.len), SV("/awards/"));
    return is_ours ? conclude(&v, err) : show(&v, 200, NULL, NULL, err);
}

static const char *form_problem(const struct visit *v) {
    if (v->file == NULL && v->text.len == 0) {
        return "Choose a file, or paste the badge's address or text.";
    }
    if (v->file != NULL && v->text.len > 0) {
        return "Choose a file or paste a text, not both: it would not be clear which was checked.";
    }
    if (v->text.len > TEXT_BYTES_MAX) {
        return "That is longer than a badge is. Save it as a file and choose that.";
    }
    if (v->email.len > EMAIL_BYTES_MAX) {
        return "That is too long for an e-mail address.";
    }
    return NULL;
}

/* Programs may post here; pages of other sites may not have their visitors do it. */
static bool check_site(const struct page *p, struct err *err) {
    struct sv site = web_header(p->req, "Sec-Fetch-Site");
    return site.len == 0 || sv_eq(site, SV("same-origin")) || sv_eq(site, SV("none")) ||
           err_because(err, ERR_DENIED, "cross_site",
                       "this was sent from a page of another site; open the page here and repeat");
}

bool page_verify_check(struct page *p, struct err *err) {
    struct visit v = {.p = p};
    struct web_form form = {0};
    if (!check_site(p, err) || !web_form_upload(p->req, &form, err) ||
        !web_form_one(&form, "badge", &v.text, err) ||
        !web_form_one(&form, "email", &v.email, err)) {
        return false;
    }
    v.text = sv_trim(v.text);
    v.email = sv_trim(v.email);
    v.file = web_form_file(&form, "file");
    if (v.file != NULL && v.file->content.len == 0) {
        v.file = NULL;
    }
    const char *problem = form_problem(&v);
    if (problem == NULL) {
        return conclude(&v, err);
    }
    return wants_json(p) ? err_because(err, ERR_INPUT, "form", "%s", problem)
                         : show(&v, 400, NULL, problem, err);
}
