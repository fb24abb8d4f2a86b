/* Collects a reading while its source is read. Inside this room only. */
#pragma once
#include "grades_source.h"

/* Text to number; open addressing. Keys are borrowed and must outlive it. */
struct grades_index {
    struct grades_slot *slots;
    size_t cap, count;
    struct arena *arena;
};
void grades_index_init(struct grades_index *index, struct arena *a);
NODISCARD bool grades_index_find(const struct grades_index *index, struct sv key, size_t *value);
void grades_index_put(struct grades_index *index, struct sv key, size_t value);

struct grades_build {
    struct arena *arena; /* the reading's */
    struct grades_reading *out;
    size_t item_cap, fact_cap, member_cap;
    struct grades_index items, members;
    struct str missing;
};

void grades_build_init(struct grades_build *b, enum grades_kind kind, struct arena *a,
                       struct grades_reading *out);
/* The index of the item with this kind and ref, made when it is new. `ref` is copied. Fails:
 * ERR_UPSTREAM "size" over GRADES_ITEMS_MAX. */
NODISCARD bool grades_build_item(struct grades_build *b, enum model_item_kind kind, struct sv ref,
                                 size_t *index, struct err *err);
/* A new fact for the person (text not copied) and item, zero but for these. Fails: "size". */
NODISCARD bool grades_build_fact(struct grades_build *b, struct sv person_ref, size_t item_index,
                                 struct model_fact **out, struct err *err);
/* The member with this ref; *is_new says whether it was made. `ref` is copied. Fails: "size". */
NODISCARD bool grades_build_member(struct grades_build *b, struct sv ref, size_t *index,
                                   bool *is_new, struct err *err);
/* Say in a sentence what the source does not give. */
void grades_build_missing(struct grades_build *b, const char *sentence);
void grades_build_finish(struct grades_build *b);

/* One file per source. */
NODISCARD bool grades_moodle_read(const struct grades_source *source,
                                  const struct grades_course *course, const struct grades_io *io,
                                  struct grades_reading *out, struct err *err);
NODISCARD bool grades_moodle_test(const struct grades_source *source,
                                  const struct grades_course *course, const struct grades_io *io,
                                  struct grades_probe *out, struct err *err);
NODISCARD bool grades_canvas_read(const struct grades_source *source,
                                  const struct grades_course *course, const struct grades_io *io,
                                  struct grades_reading *out, struct err *err);
NODISCARD bool grades_canvas_test(const struct grades_source *source,
                                  const struct grades_course *course, const struct grades_io *io,
                                  struct grades_probe *out, struct err *err);
NODISCARD bool grades_ags_read(const struct grades_source *source,
                               const struct grades_course *course, const struct grades_io *io,
                               struct grades_reading *out, struct err *err);
NODISCARD bool grades_ags_test(const struct grades_source *source,
                               const struct grades_course *course, const struct grades_io *io,
                               struct grades_probe *out, struct err *err);
void grades_probe_say(struct grades_probe *probe, struct arena *a, struct sv sentence);
