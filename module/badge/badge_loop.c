#include "badge_rule.h"
#include <string.h>

static void collect(const struct badge_rule *rule, struct sv *keys, size_t *count) {
    for (size_t i = 0; i < rule->child_count; i++) {
        collect(&rule->children[i], keys, count);
    }
    if (rule->kind != BADGE_RULE_BADGE) {
        return;
    }
    for (size_t i = 0; i < *count; i++) {
        if (sv_eq(keys[i], rule->badge_key)) {
            return;
        }
    }
    keys[(*count)++] = rule->badge_key;
}

static size_t badge_leaves(const struct badge_rule *rule) {
    size_t n = rule->kind == BADGE_RULE_BADGE;
    for (size_t i = 0; i < rule->child_count; i++) {
        n += badge_leaves(&rule->children[i]);
    }
    return n;
}

size_t badge_rule_badges(struct arena *a, const struct badge_rule *rule, struct sv **keys) {
    size_t count = 0;
    *keys = ARENA_ARRAY(a, struct sv, badge_leaves(rule));
    collect(rule, *keys, &count);
    return count;
}

/* Depth-first over badges, on a stack of our own: a chain of needs is as long as there are badges.
 */
struct visit {
    const struct badge_need *set;
    size_t count;
    size_t *order; /* indexes into set, by key */
    enum { UNSEEN, ON_PATH, CLEARED } * mark;
    size_t *path, *next; /* the badges on the path, and which need comes next for each */
    size_t depth;
};

/* Index of `key` in the set, or count. */
static size_t find(const struct visit *v, struct sv key) {
    size_t low = 0;
    size_t high = v->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = sv_cmp(v->set[v->order[mid]].key, key);
        if (c == 0) {
            return v->order[mid];
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return v->count;
}

static bool refuse(struct arena *a, const struct visit *v, size_t again, struct err *err) {
    struct str names;
    str_init(&names, a, 300);
    size_t from = 0;
    while (v->path[from] != again) {
        from++;
    }
    for (size_t i = from; i < v->depth; i++) {
        str_addf(&names, "\"%.*s\" needs ", SV_ARG(v->set[v->path[i]].key));
    }
    return err_because(
        err, ERR_INPUT, "badge_loop",
        "these badges need each other in a loop, so nobody could earn them: %s%s\"%.*s\"",
        names.ptr, names.is_overflowed ? "... " : "", SV_ARG(v->set[again].key));
}

static void push(struct visit *v, size_t badge) {
    v->mark[badge] = ON_PATH;
    v->path[v->depth] = badge;
    v->next[v->depth] = 0;
    v->depth++;
}

static bool walk_from(struct arena *a, struct visit *v, size_t start, struct err *err) {
    push(v, start);
    while (v->depth > 0) {
        size_t here = v->path[v->depth - 1];
        size_t need = v->next[v->depth - 1]++;
        if (need == v->set[here].need_count) {
            v->mark[here] = CLEARED;
            v->depth--;
            continue;
        }
        size_t to = find(v, v->set[here].needs[need]);
        if (to < v->count && v->mark[to] == ON_PATH) {
            return refuse(a, v, to, err);
        }
        if (to < v->count && v->mark[to] == UNSEEN) {
            push(v, to);
        }
    }
    return true;
}

/* Merge sort of order[] by key: stable, and n log n whatever the file holds. */
static void sort(const struct badge_need *set, size_t *order, size_t *spare, size_t n) {
    if (n < 2) {
        return;
    }
    size_t half = n / 2;
    sort(set, order, spare, half);
    sort(set, order + half, spare, n - half);
    size_t i = 0;
    size_t j = half;
    for (size_t k = 0; k < n; k++) {
        bool takes_left = j == n || (i < half && sv_cmp(set[order[i]].key, set[order[j]].key) <= 0);
        spare[k] = takes_left ? order[i++] : order[j++];
    }
    memcpy(order, spare, n * sizeof *order);
}

bool badge_loop_check(struct arena *a, const struct badge_need *set, size_t count,
                      struct err *err) {
    struct visit v = {.set = set, .count = count};
    v.order = ARENA_ARRAY(a, size_t, count);
    v.path = ARENA_ARRAY(a, size_t, count);
    v.next = ARENA_ARRAY(a, size_t, count);
    v.mark = arena_array(a, count, sizeof *v.mark);
    for (size_t i = 0; i < count; i++) {
        v.order[i] = i;
    }
    sort(set, v.order, v.path, count);
    for (size_t i = 0; i < count; i++) {
        if (v.mark[i] == UNSEEN && !walk_from(a, &v, i, err)) {
            return false;
        }
    }
    return true;
}

static void name_badges(struct arena *a, struct badge_rule *rule, const struct badge_title *titles,
                        size_t count) {
    for (size_t i = 0; rule->kind == BADGE_RULE_BADGE && i < count; i++) {
        if (sv_eq(titles[i].key, rule->badge_key)) {
            rule->badge_name = titles[i].name;
        }
    }
    struct badge_rule *children = ARENA_ARRAY(a, struct badge_rule, rule->child_count);
    for (size_t i = 0; i < rule->child_count; i++) {
        children[i] = rule->children[i];
        name_badges(a, &children[i], titles, count);
    }
    rule->children = children;
}

const struct badge_rule *badge_rule_named(struct arena *a, const struct badge_rule *rule,
                                          const struct badge_title *titles, size_t count) {
    struct badge_rule *copy = ARENA_NEW(a, struct badge_rule);
    *copy = *rule;
    name_badges(a, copy, titles, count);
    return copy;
}
