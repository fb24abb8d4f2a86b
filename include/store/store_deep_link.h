/* Deep linking requests that wait for their answer, and what answering one changes. */
#pragma once
#include "store.h"

/* As the launch brought it. Texts live in the caller's arena. */
struct store_deep_link {
    struct sv settings; /* JSON, as verified at the launch */
    bool is_used;
    struct sv product; /* of the registration, as this launch said */
    struct sv deployment_id;
    bool is_shared; /* other registrations have the same issuer and client id */
};
/* Fails: ERR_NOT_FOUND "deep_link" when that launch asked for no content. */
NODISCARD bool store_deep_link_get(struct store *store, int64_t institution_id, struct sv launch_id,
                                   struct arena *a, struct store_deep_link *out, struct err *err);

/* Badges that have a gradebook column in the course, or for which one was asked from the platform:
 * asking again would make a second. */
NODISCARD bool store_column_list(struct store *store, int64_t institution_id, int64_t course_id,
                                 struct arena *a, int64_t **badge_ids, size_t *count,
                                 struct err *err);

/* What is chosen. All borrowed. */
struct store_deep_link_use {
    int64_t institution_id, course_id, actor_person_id;
    struct sv launch_id;
    const int64_t *mapped; /* badges this course is to have from now on */
    size_t mapped_count;
    const int64_t *columns; /* badges whose column the answer asks for; mapped now or before */
    size_t column_count;
};
/* Use the request up, map the badges (the course is read and judged soon) and note the columns: one
 * transaction. Fails: ERR_CONFLICT "deep_link_used" when an answer was given before; ERR_CONFLICT
 * "column" when somebody else asked for one of the columns meanwhile. Nothing is changed then. */
NODISCARD bool store_deep_link_use(struct store *store, const struct store_deep_link_use *use,
                                   struct err *err);
