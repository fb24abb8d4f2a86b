#include "badge_detail.h"
#include "badge_words.h"

struct badge_leaf_view badge_leaf_view(struct arena *a, const struct badge_plan *plan,
                                       const struct badge_verdict *verdict, uint32_t node,
                                       enum badge_voice voice) {
    struct badge_leaf_view v = {
        .arena = a, .node = &plan->nodes[node], .result = &verdict->results[node], .voice = voice};
    if (v.node->item != BADGE_NO_ITEM) {
        v.item = &plan->catalogue->items[v.node->item];
    }
    return v;
}

static bool is_learner(const struct badge_leaf_view *v) { return v->voice == BADGE_VOICE_LEARNER; }

static bool shows_grade(const struct badge_leaf_view *v) {
    const struct model_fact *fact = v->result->fact;
    return fact != NULL && (fact->is_posted || !is_learner(v));
}

static struct sv percent_value(const struct badge_leaf_view *v) {
    const struct model_fact *fact = v->result->fact;
    struct dec maximum = fact->has_maximum ? fact->maximum : v->item->maximum;
    char text[DEC_TEXT_MAX];
    if (maximum.mantissa <= 0) {
        return badge_words_points(v->arena, fact->score);
    }
    return sv_printf(v->arena, "%s %%", dec_format(dec_percent(fact->score, maximum), text));
}

static struct sv completion_value(const struct badge_leaf_view *v) {
    switch (v->result->fact->completion) {
    case MODEL_COMPLETION_INCOMPLETE:
        return SV("not complete");
    case MODEL_COMPLETION_COMPLETE:
        return SV("complete");
    case MODEL_COMPLETION_PASSED:
        return SV("passed");
    case MODEL_COMPLETION_FAILED:
        return SV("complete, not passed");
    case MODEL_COMPLETION_AS_STORED: /* never of a stored one */
    case MODEL_COMPLETION_UNKNOWN:
        break;
    }
    return sv_of(NULL, 0);
}

struct sv badge_detail_value(const struct badge_leaf_view *v) {
    const struct model_fact *fact = v->result->fact;
    if (fact == NULL || fact->is_excused) {
        return sv_of(NULL, 0);
    }
    bool is_grade = v->node->test != BADGE_TEST_BARE || !v->item->has_completion;
    if (v->node->kind != BADGE_RULE_ITEM && v->node->kind != BADGE_RULE_COURSE_TOTAL) {
        is_grade = false;
    }
    if (is_grade && !shows_grade(v)) {
        return sv_of(NULL, 0);
    }
    switch (v->node->test) {
    case BADGE_TEST_PERCENT:
        return fact->has_score ? percent_value(v) : sv_of(NULL, 0);
    case BADGE_TEST_POINTS:
        return fact->has_score ? badge_words_points(v->arena, fact->score) : sv_of(NULL, 0);
    case BADGE_TEST_LETTER:
        return sv_trim(fact->letter);
    case BADGE_TEST_BARE:
        break;
    }
    if (fact->completion == MODEL_COMPLETION_UNKNOWN && fact->has_score && shows_grade(v) &&
        !v->item->has_completion) {
        return badge_words_points(v->arena, fact->score);
    }
    return completion_value(v);
}

struct sv badge_detail_needed(const struct badge_leaf_view *v) {
    if (v->node->test == BADGE_TEST_BARE && v->node->kind == BADGE_RULE_ITEM &&
        !v->item->has_completion && v->item->has_pass_mark) {
        return badge_words_points(v->arena, v->item->pass_mark);
    }
    return badge_words_needed(v->arena, v->node->rule);
}

/* "Your Field report", "Your course total", "The module \"Week 1\""; for teachers without the
 * "your". */
static struct sv opening(const struct badge_leaf_view *v) {
    struct sv subject = badge_words_subject(v->arena, v->node->rule, v->item);
    if (v->node->kind == BADGE_RULE_ITEM) {
        return is_learner(v) ? sv_printf(v->arena, "Your %.*s", SV_ARG(subject)) : subject;
    }
    if (v->node->kind == BADGE_RULE_MANUAL) {
        return subject;
    }
    struct sv noun = sv_skip(subject, sizeof "the " - 1);
    if (v->node->kind == BADGE_RULE_COURSE_TOTAL) {
        return sv_printf(v->arena, "%s%.*s", is_learner(v) ? "Your " : "The ", SV_ARG(noun));
    }
    return sv_printf(v->arena, "The %.*s", SV_ARG(noun));
}

/* "; the badge needs 80 %, by 1 May 2027", or nothing. */
static struct sv demand(const struct badge_leaf_view *v, bool is_value_named) {
    struct sv needed = badge_detail_needed(v);
    const struct badge_by *by = &v->node->rule->by;
    struct sv date = by->is_set ? badge_words_by(v->arena, by) : sv_of(NULL, 0);
    const char *who = is_learner(v) ? "the badge needs" : "needs";
    if (v->node->test == BADGE_TEST_POINTS && is_value_named) { /* "has 10 points; needs 12" */
        needed = sv_head(needed, sv_find(needed, ' '));
    }
    if (needed.len == 0 && date.len == 0) {
        return sv_of(NULL, 0);
    }
    if (needed.len == 0) {
        return sv_printf(v->arena, "; %s it by %.*s", who, SV_ARG(date));
    }
    return sv_printf(v->arena, "; %s %.*s%s%.*s", who, SV_ARG(needed), date.len > 0 ? ", by " : "",
                     SV_ARG(date));
}

static struct sv threshold_sentence(const struct badge_leaf_view *v) {
    struct sv name = opening(v);
    struct sv value = badge_detail_value(v);
    struct sv more = demand(v, true);
    const char *verb = v->node->test == BADGE_TEST_LETTER ? "is graded" : "has";
    if (!is_learner(v)) {
        return sv_printf(v->arena, "%.*s: %.*s%.*s.", SV_ARG(name), SV_ARG(value), SV_ARG(more));
    }
    return sv_printf(v->arena, "%.*s %s %.*s%.*s.", SV_ARG(name), verb, SV_ARG(value),
                     SV_ARG(more));
}

static struct sv met_sentence(const struct badge_leaf_view *v) {
    struct sv subject = badge_words_subject(v->arena, v->node->rule, v->item);
    const char *you = is_learner(v) ? "You have " : "Has ";
    switch (v->node->kind) {
    case BADGE_RULE_COURSE_COMPLETED:
    case BADGE_RULE_MODULE:
        return sv_printf(v->arena, "%scompleted %.*s.", you, SV_ARG(subject));
    case BADGE_RULE_OUTCOME:
        return sv_printf(v->arena, "%smastered %.*s.", you, SV_ARG(subject));
    case BADGE_RULE_BADGE:
        return sv_printf(v->arena, "%s %.*s.", is_learner(v) ? "You hold" : "Holds",
                         SV_ARG(subject));
    case BADGE_RULE_MANUAL:
        return sv_printf(v->arena, "%s confirmed: %.*s",
                         is_learner(v) ? "Your teacher" : "A teacher", SV_ARG(subject));
    default:
        break;
    }
    if (v->node->test != BADGE_TEST_BARE) {
        return threshold_sentence(v);
    }
    struct sv name = opening(v);
    struct sv value = badge_detail_value(v);
    bool is_score = v->result->fact->completion == MODEL_COMPLETION_UNKNOWN;
    if (!is_learner(v)) {
        return sv_printf(v->arena, "%.*s: %.*s.", SV_ARG(name), SV_ARG(value));
    }
    return sv_printf(v->arena, "%.*s %s %.*s.", SV_ARG(name), is_score ? "has" : "is",
                     SV_ARG(value));
}

static struct sv too_low_sentence(const struct badge_leaf_view *v) {
    if (v->node->test != BADGE_TEST_BARE || v->item->has_pass_mark) {
        return threshold_sentence(v);
    }
    struct sv name = opening(v);
    struct sv value = badge_detail_value(v);
    return sv_printf(v->arena, "%.*s%s %.*s; any score above zero counts.", SV_ARG(name),
                     is_learner(v) ? " has" : ":", SV_ARG(value));
}

static struct sv late_sentence(const struct badge_leaf_view *v) {
    struct sv name = opening(v);
    struct sv by = badge_words_by(v->arena, &v->node->rule->by);
    return sv_printf(v->arena, "%.*s%s came after %.*s, the last %s that counted.", SV_ARG(name),
                     is_learner(v) ? "" : ":", SV_ARG(by),
                     v->node->rule->by.is_date ? "day" : "moment");
}

static struct sv not_yet_sentence(const struct badge_leaf_view *v) {
    struct sv name = opening(v);
    struct sv more = demand(v, false);
    const char *text = "";
    switch (v->result->why) {
    case BADGE_WHY_NO_FACT:
        text = v->node->test == BADGE_TEST_BARE ? "is not complete yet" : "has no result yet";
        break;
    case BADGE_WHY_NOT_GRADED:
        text = "is not graded yet";
        break;
    case BADGE_WHY_NOT_POSTED:
        text = is_learner(v) ? "has no grade that you can see yet"
                             : "has a grade that counts once it is shown to learners";
        break;
    case BADGE_WHY_NOT_PASSED:
        text = "is complete but not passed yet";
        break;
    default:
        text = "is not complete yet";
        break;
    }
    return sv_printf(v->arena, "%.*s %s%.*s.", SV_ARG(name), text, SV_ARG(more));
}

/* What only a person can put right. */
static struct sv stuck_sentence(const struct badge_leaf_view *v) {
    struct sv name = opening(v);
    struct sv letter = v->result->fact == NULL ? sv_of(NULL, 0) : sv_trim(v->result->fact->letter);
    const char *ask = is_learner(v) ? "ask your teacher" : "change the rule or the course";
    switch (v->result->why) {
    case BADGE_WHY_NO_MAXIMUM:
        return sv_printf(v->arena, "%.*s has no maximum, so there is no percentage of it; %s.",
                         SV_ARG(name), ask);
    case BADGE_WHY_UNKNOWN_LETTER:
        return sv_printf(v->arena,
                         "%.*s is graded \"%.*s\", which is not on the scale of letters; %s.",
                         SV_ARG(name), SV_ARG(letter), ask);
    case BADGE_WHY_NO_TIME:
        return sv_printf(v->arena, "%.*s is good enough, but nothing says when it was done; %s.",
                         SV_ARG(name),
                         is_learner(v) ? "ask your teacher" : "award by hand or take the date out");
    default:
        return sv_printf(v->arena, "%.*s is no longer in the course; %s.", SV_ARG(name), ask);
    }
}

struct sv badge_detail_sentence(const struct badge_leaf_view *v) {
    struct sv subject = badge_words_subject(v->arena, v->node->rule, v->item);
    switch (v->result->why) {
    case BADGE_WHY_MET:
        return met_sentence(v);
    case BADGE_WHY_TOO_LOW:
        return too_low_sentence(v);
    case BADGE_WHY_LATE:
        return late_sentence(v);
    case BADGE_WHY_EXCUSED:
        return sv_printf(v->arena, "%s from %.*s.", is_learner(v) ? "You are excused" : "Excused",
                         SV_ARG(subject));
    case BADGE_WHY_NOT_HELD:
        return sv_printf(v->arena, "%s %.*s first.", is_learner(v) ? "You need" : "Needs",
                         SV_ARG(subject));
    case BADGE_WHY_NOT_ATTESTED:
        return sv_printf(v->arena, "%s confirm: %.*s",
                         is_learner(v) ? "Your teacher still has to" : "A teacher still has to",
                         SV_ARG(subject));
    case BADGE_WHY_NO_MAXIMUM:
    case BADGE_WHY_UNKNOWN_LETTER:
    case BADGE_WHY_NO_TIME:
    case BADGE_WHY_GONE:
        return stuck_sentence(v);
    default:
        return not_yet_sentence(v);
    }
}
