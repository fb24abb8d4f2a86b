#include "app_doctor.h"
#include "store_host.h"
#include "store_sync.h"

#define COURSES_SHOWN 20

static const char *at(usec_t t, const char *never, char out[RFC3339_MAX]) {
    return t == 0 ? never : rfc3339_format(t, out);
}

static void say_host(struct app_doctor *d, const struct store_host *host) {
    char until[RFC3339_MAX];
    bool is_shut = host->open_until > clock_now(&clock_system);
    struct sv state =
        host->open_until == 0
            ? sv_printf(&d->app->arena, "failed %lld times in a row", (long long)host->failures)
        : is_shut ? sv_printf(&d->app->arena, "is left alone until %s",
                              rfc3339_format(host->open_until, until))
                  : SV("is tried with one course at a time");
    app_doctor_say(d, host->open_until != 0 ? APP_DOCTOR_BAD : APP_DOCTOR_WARN, "host",
                   sv_printf(&d->app->arena, "%.*s %.*s: %.*s", SV_ARG(host->lane), SV_ARG(state),
                             SV_ARG(host->error)));
}

static void say_courses(struct app_doctor *d, const struct store_failing *all, size_t count,
                        int64_t total) {
    for (size_t i = 0; i < count; i++) {
        char next[RFC3339_MAX];
        char failed[RFC3339_MAX];
        app_doctor_say(d, APP_DOCTOR_WARN, "course",
                       sv_printf(&d->app->arena, "%.*s, %.*s: not read at %s (%.*s); next at %s",
                                 SV_ARG(all[i].institution), SV_ARG(all[i].title),
                                 at(all[i].failed_at, "any time", failed), SV_ARG(all[i].error),
                                 at(all[i].next_read_at, "the next \"Check now\"", next)));
    }
    if (total > (int64_t)count) {
        app_doctor_say(d, APP_DOCTOR_WARN, "course",
                       sv_printf(&d->app->arena, "and %lld more that could not be read",
                                 (long long)total - (int64_t)count));
    }
}

void app_doctor_sync(struct app_doctor *d) {
    struct store_host *hosts = NULL;
    struct store_failing *courses = NULL;
    size_t host_count = 0;
    size_t course_count = 0;
    int64_t total = 0;
    struct err err = {0};
    if (!store_host_list(d->app->store, &d->app->arena, &hosts, &host_count, &err) ||
        !store_sync_failing(d->app->store, COURSES_SHOWN, &d->app->arena, &courses, &course_count,
                            &total, &err)) {
        app_doctor_say(d, APP_DOCTOR_BAD, "reading", sv_from(err.text));
        return;
    }
    for (size_t i = 0; i < host_count; i++) {
        say_host(d, &hosts[i]);
    }
    say_courses(d, courses, course_count, total);
    if (host_count == 0 && total == 0) {
        app_doctor_say(d, APP_DOCTOR_GOOD, "reading", SV("every course was read when it was due"));
    }
}
