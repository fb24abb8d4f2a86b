/* A rule in a course that was copied from another. Rules are shared by courses; what they name by
 * title is found in each, but ids differ, and a teacher may have renamed something. So a badge may
 * have, for one course, a list that says which of its items stand for those the rule names:
 *
 *   [{"item": REF, "to": {"source": "moodle", "id": "41"}}, {"module": REF, "to": {...}}, ...]
 *
 * "item", "module" or "outcome" and REF are written as in the rule (badge_rule.h). It is kept with
 * the badge's mapping to the course (badge_course.item_map) and travels in badge files as "items"
 * of a course.
 *
 * A second list of the same form (badge_course.bound) keeps which item each title was found to mean
 * first: what is renamed later stays what it was, and a later namesake is another thing. Pure. */
#pragma once
#include "badge_plan.h"

#define BADGE_MAP_ENTRIES_MAX BADGE_RULE_LEAVES_MAX

struct badge_map_entry {
    enum badge_rule_kind kind; /* ITEM, MODULE or OUTCOME */
    struct badge_ref from;     /* as in the rule */
    struct badge_ref to;       /* source and id */
};
struct badge_map {
    struct badge_map_entry *entries;
    size_t count;
};

/* Parse the text of a list. Texts live in `a`. Fails: ERR_INPUT, a sentence that begins with
 * "items[2].to". */
NODISCARD bool badge_map_parse(struct arena *a, struct sv text, struct badge_map *out,
                               struct err *err);
/* The list as JSON, and as compact text; new reference. */
json_t *badge_map_json(const struct badge_map *map);
struct sv badge_map_text(struct arena *a, const struct badge_map *map);

/* What a condition names, when it names anything of a course: its kind and REF fit an entry. */
const struct badge_map_entry *badge_map_find(const struct badge_map *map,
                                             const struct badge_rule *leaf);
/* A copy of the rule, in `a`, that names the course's own items; the rule itself when the map is
 * empty. Texts are borrowed. Entries that nothing in the rule names do nothing. */
const struct badge_rule *badge_rule_mapped(struct arena *a, const struct badge_rule *rule,
                                           const struct badge_map *map);

/* Both lists as one; where both say something of a condition, `said` counts. */
struct badge_map badge_map_join(struct arena *a, const struct badge_map *said,
                                const struct badge_map *kept);
/* What the titles of a rule mean in a course from now on: `kept` without what the rule no longer
 * names or somebody has `said`, and with each title that fits exactly one item that is there.
 * False: the same as `kept`. */
bool badge_map_keep(struct arena *a, const struct badge_rule *rule,
                    const struct badge_catalogue *catalogue, const struct badge_map *said,
                    const struct badge_map *kept, struct badge_map *out);

/* The REFs that a rule names, each once, in reading order: leaves of the rule. Returns how many. */
size_t badge_rule_refs(struct arena *a, const struct badge_rule *rule,
                       const struct badge_rule ***leaves);
/* Do two conditions name the same thing? */
bool badge_ref_eq(const struct badge_rule *left, const struct badge_rule *right);
