/* What a learning platform really grants: each scope is asked for by itself, and one page of every
 * service is read. What fails is a finding in words, never a failed job. */
#include "grades_source.h"
#include "job_internal.h"
#include "lti_ags.h"
#include "lti_nrps.h"
#include "source_open.h"
#include "store_capability.h"
#include "store_connection.h"
#include <string.h>

#define TYPE_LINEITEMS "application/vnd.ims.lis.v2.lineitemcontainer+json"
#define TYPE_ROSTER "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

static const char *const SCOPES[STORE_SCOPES] = {
    [STORE_SCOPE_LINEITEM] = LTI_SCOPE_LINEITEM,
    [STORE_SCOPE_LINEITEM_READ] = LTI_SCOPE_LINEITEM_READ,
    [STORE_SCOPE_RESULT_READ] = LTI_SCOPE_RESULT_READ,
    [STORE_SCOPE_SCORE] = LTI_SCOPE_SCORE,
    [STORE_SCOPE_ROSTER] = LTI_SCOPE_ROSTER,
};

struct probe {
    struct job *job;
    struct store_probe about;
    struct lti_service service;
    struct store_capabilities *found;
};

static struct store_finding tried(struct arena *a, bool is_good, const struct err *why) {
    return (struct store_finding){.is_tried = true,
                                  .is_good = is_good,
                                  .text =
                                      is_good ? sv_of(NULL, 0) : sv_copy(a, sv_from(why->text))};
}

static struct store_finding not_tried(struct sv text) {
    return (struct store_finding){.text = text};
}

/* A token for each scope alone: asked together, one that is not granted refuses all. When the
 * platform does not know us or cannot be reached, the other scopes would only say so again. */
static void probe_scopes(struct probe *pr) {
    struct store_finding *scopes = pr->found->scopes;
    for (size_t i = 0; i < STORE_SCOPES; i++) {
        struct sv scope = sv_from(SCOPES[i]);
        struct err why = {0};
        struct lti_token_grant grant = {0};
        const struct lti_token_ask ask = {.registration = pr->service.registration,
                                          .deployment_id = pr->service.deployment_id,
                                          .scopes = &scope,
                                          .scope_count = 1,
                                          .http = &pr->service.http,
                                          .signer = &pr->service.signer,
                                          .clock = &pr->service.clock};
        bool is_granted = lti_token_request(&ask, pr->job->arena, &grant, &why);
        scopes[i] = tried(pr->job->arena, is_granted, &why);
        if (!is_granted && strcmp(why.reason, "scope") != 0) {
            for (size_t rest = i + 1; rest < STORE_SCOPES; rest++) {
                scopes[rest] = scopes[i];
            }
            return;
        }
    }
}

/* One page of a service; the reply in the job's arena. */
static bool read_page(struct probe *pr, const struct lti_service_call *call,
                      struct net_response *out, struct err *err) {
    return lti_service_send(&pr->service, call, pr->job->arena, out, err) &&
           lti_service_check(out, call->what, err);
}

static void probe_lineitems(struct probe *pr) {
    struct store_capabilities *found = pr->found;
    const struct store_finding *scopes = found->scopes;
    bool is_full = scopes[STORE_SCOPE_LINEITEM].is_good;
    struct net_response reply = {0};
    struct lti_lineitem *items = NULL;
    size_t count = 0;
    struct err why = {0};
    if (pr->about.lineitems_url.len == 0) {
        found->lineitems =
            not_tried(SV("No launch has offered the gradebook (AGS) in a course yet: "
                         "switch it on for the tool, then open Laurel in a course."));
        return;
    }
    if (!is_full && !scopes[STORE_SCOPE_LINEITEM_READ].is_good) {
        found->lineitems = not_tried(SV("No scope to read columns is granted."));
        return;
    }
    const struct lti_service_call call = {
        .method = NET_GET,
        .url = pr->about.lineitems_url,
        .what = "reading the line items",
        .scopes = {is_full ? LTI_SCOPE_LINEITEM : LTI_SCOPE_LINEITEM_READ},
        .accept = TYPE_LINEITEMS};
    bool is_read = read_page(pr, &call, &reply, &why) &&
                   lti_ags_lineitems_parse(reply.body, pr->job->arena, &items, &count, &why);
    found->lineitems = tried(pr->job->arena, is_read, &why);
    found->lineitem_count = (int64_t)count;
}

static void probe_roster(struct probe *pr) {
    struct store_capabilities *found = pr->found;
    struct net_response reply = {0};
    struct lti_roster roster = {0};
    struct lti_pages pages;
    struct err why = {0};
    struct err ignored = {0};
    if (pr->about.nrps_url.len == 0) {
        found->roster =
            not_tried(SV("No launch has offered the roster (NRPS) in a course yet: switch "
                         "it on for the tool, then open Laurel in a course."));
        return;
    }
    const struct lti_service_call call = {.method = NET_GET,
                                          .url = pr->about.nrps_url,
                                          .what = "reading the members of the course",
                                          .scopes = {LTI_SCOPE_ROSTER},
                                          .accept = TYPE_ROSTER};
    lti_pages_init(&pages, pr->about.nrps_url);
    bool is_read = read_page(pr, &call, &reply, &why) &&
                   lti_nrps_page_parse(reply.body, pr->job->arena, &roster, &why);
    found->roster = tried(pr->job->arena, is_read, &why);
    found->people = (int64_t)roster.count;
    for (size_t i = 0; i < roster.count; i++) {
        found->names += roster.members[i].name.len > 0 ? 1 : 0;
        found->emails += roster.members[i].email.len > 0 ? 1 : 0;
    }
    found->has_more_people = is_read &&
                             lti_pages_advance(&pages, &reply, pr->job->arena, &ignored) &&
                             pages.next.len > 0;
}

/* Where grades are read, by the source's own test. */
static void probe_source(struct probe *pr) {
    struct store_capabilities *found = pr->found;
    struct arena *a = pr->job->arena;
    struct grades_source source = {0};
    struct grades_probe said = {0};
    struct err why = {0};
    const struct source_use use = {
        .store = pr->job->store, .http = pr->service.http, .clock = pr->job->app->options.clock};
    if (!source_open(&use, pr->job->row->institution_id, pr->about.deployment_id, a, &source,
                     &why)) {
        found->source = why.code == ERR_NOT_FOUND ? not_tried(sv_copy(a, sv_from(why.text)))
                                                  : tried(a, false, &why);
        return;
    }
    source.service = &pr->service;
    if (source.kind == GRADES_CSV) { /* nothing to ask: a file brings what it brings */
        found->source = (struct store_finding){.is_tried = true, .is_good = true};
        found->source_can = GRADES_CAN_SCORES | GRADES_CAN_TITLES;
        return;
    }
    const struct grades_course course = {.ref = pr->about.context_id,
                                         .lineitems_url = pr->about.lineitems_url,
                                         .nrps_url = pr->about.nrps_url};
    const struct grades_io io = {
        .http = pr->service.http, .clock = pr->job->app->options.clock, .arena = a};
    bool is_usable = grades_test(&source, &course, &io, &said, &why);
    found->source = tried(a, is_usable, &why);
    found->source_can = said.can;
    found->source_site = said.site;
    for (size_t i = 0; i < said.word_count && i < STORE_FINDING_WORDS_MAX; i++) {
        found->source_words[found->source_word_count++] = said.words[i];
    }
}

bool job_probe(struct job *job, struct err *err) {
    int64_t deployment_id = 0;
    struct store_capabilities found = {0};
    struct probe pr = {.job = job, .found = &found};
    if (!job_number(job, "deployment", &deployment_id, err) ||
        !store_probe_get(job->store, job->row->institution_id, deployment_id, job->arena, &pr.about,
                         err)) {
        return false;
    }
    if (!job_service(job, pr.about.registration_id, pr.about.platform_deployment_id, &pr.service,
                     err)) {
        if (err->code == ERR_DB) {
            return false;
        }
        *err = (struct err){0}; /* switched off since it was asked for */
        return true;
    }
    found.course = pr.about.course_title;
    probe_scopes(&pr);
    probe_lineitems(&pr);
    probe_roster(&pr);
    probe_source(&pr);
    log_event(LOG_LEVEL_INFO, "platform_probed", LOG_INT("deployment", deployment_id));
    return store_probe_save(job->store, job->row->institution_id, deployment_id,
                            store_capabilities_write(&found, job->arena), err);
}
