#include "badge_file.h"
#include "badge_input.h"

static json_t *text_json(struct sv text) {
    return json_stringn(text.ptr == NULL ? "" : text.ptr, text.len);
}

static json_t *number_json(struct dec d) {
    return d.scale == 0 ? json_integer(d.mantissa) : json_real(dec_to_double(d));
}

static void put(json_t *obj, const char *key, json_t *value) {
    (void)json_object_set_new(obj, key, value);
}

static void put_text(json_t *obj, const char *key, struct sv text) {
    if (text.len > 0) {
        put(obj, key, text_json(text));
    }
}

static void put_test(json_t *obj, const struct badge_rule *rule) {
    switch (rule->test) {
    case BADGE_TEST_BARE:
        break;
    case BADGE_TEST_PERCENT:
        put(obj, "min_percent", number_json(rule->needed));
        break;
    case BADGE_TEST_POINTS:
        put(obj, "min_points", number_json(rule->needed));
        break;
    case BADGE_TEST_LETTER:
        put(obj, "min_letter", text_json(rule->letter));
        break;
    }
}

static json_t *ref_json(const struct badge_ref *ref) {
    if (ref->title.len > 0) {
        return text_json(ref->title);
    }
    json_t *obj = json_object();
    put(obj, "source", text_json(ref->source));
    put(obj, "id", text_json(ref->id));
    return obj;
}

static json_t *children_json(const struct badge_rule *rule) {
    json_t *list = json_array();
    for (size_t i = 0; i < rule->child_count; i++) {
        json_t *child = badge_rule_json(&rule->children[i]);
        if (rule->kind == BADGE_RULE_POINTS) {
            json_t *entry = json_object();
            put(entry, "rule", child);
            put(entry, "worth", number_json(rule->children[i].worth));
            child = entry;
        }
        (void)json_array_append_new(list, child);
    }
    return list;
}

static json_t *total_json(const struct badge_rule *rule) {
    json_t *obj = json_object();
    put_test(obj, rule);
    if (rule->is_current) {
        put(obj, "total", json_string("current"));
    }
    return obj;
}

json_t *badge_rule_json(const struct badge_rule *rule) {
    json_t *obj = json_object();
    switch (rule->kind) {
    case BADGE_RULE_ALL:
        put(obj, "all", children_json(rule));
        break;
    case BADGE_RULE_ANY:
        put(obj, "any", children_json(rule));
        break;
    case BADGE_RULE_AT_LEAST:
        put(obj, "at_least", json_integer(rule->at_least));
        put(obj, "of", children_json(rule));
        break;
    case BADGE_RULE_POINTS:
        put(obj, "points", number_json(rule->needed));
        put(obj, "of", children_json(rule));
        break;
    case BADGE_RULE_ITEM:
        put(obj, "item", ref_json(&rule->ref));
        put_test(obj, rule);
        break;
    case BADGE_RULE_COURSE_TOTAL:
        put(obj, "course", total_json(rule));
        break;
    case BADGE_RULE_COURSE_COMPLETED:
        put(obj, "course", json_string("completed"));
        break;
    case BADGE_RULE_MODULE:
        put(obj, "module", ref_json(&rule->ref));
        break;
    case BADGE_RULE_OUTCOME:
        put(obj, "outcome", ref_json(&rule->ref));
        break;
    case BADGE_RULE_BADGE:
        put(obj, "badge", text_json(rule->badge_key));
        break;
    case BADGE_RULE_MANUAL:
        put(obj, "manual", text_json(rule->manual));
        break;
    }
    if (rule->by.is_set) {
        put(obj, "by", text_json(rule->by.text));
    }
    return obj;
}

struct sv badge_rule_text(struct arena *a, const struct badge_rule *rule) {
    AUTO_JSON *json = badge_rule_json(rule);
    return badge_json_text(a, json, 0);
}

static json_t *issuer_json(const struct model_issuer *issuer) {
    json_t *obj = json_object();
    put_text(obj, "key", issuer->key);
    put_text(obj, "name", issuer->name);
    put_text(obj, "url", issuer->url);
    put_text(obj, "email", issuer->email);
    put_text(obj, "description", issuer->description);
    put_text(obj, "image", issuer->image);
    return obj;
}

static void put_lists(json_t *obj, const struct model_badge *badge) {
    if (badge->tag_count > 0) {
        json_t *tags = json_array();
        for (size_t i = 0; i < badge->tag_count; i++) {
            (void)json_array_append_new(tags, text_json(badge->tags[i]));
        }
        put(obj, "tags", tags);
    }
    if (badge->alignment_count > 0) {
        json_t *list = json_array();
        for (size_t i = 0; i < badge->alignment_count; i++) {
            json_t *entry = json_object();
            put_text(entry, "name", badge->alignments[i].name);
            put_text(entry, "url", badge->alignments[i].url);
            put_text(entry, "framework", badge->alignments[i].framework);
            put_text(entry, "code", badge->alignments[i].code);
            (void)json_array_append_new(list, entry);
        }
        put(obj, "alignments", list);
    }
}

static void put_demands(json_t *obj, const struct model_badge *badge) {
    json_t *demands = json_array();
    if (badge->demands_results) {
        (void)json_array_append_new(demands, json_string("results"));
    }
    if (badge->demands_evidence) {
        (void)json_array_append_new(demands, json_string("evidence"));
    }
    if (json_array_size(demands) > 0) {
        put(obj, "demands", json_incref(demands));
    }
    json_decref(demands);
}

static void put_courses(json_t *obj, const struct model_badge *badge) {
    if (badge->course_count == 0) {
        return;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < badge->course_count; i++) {
        json_t *entry = json_object();
        put_text(entry, "issuer", badge->courses[i].issuer);
        put_text(entry, "client_id", badge->courses[i].client_id);
        put_text(entry, "deployment_id", badge->courses[i].deployment_id);
        put_text(entry, "context_id", badge->courses[i].context_id);
        struct sv map = badge->courses[i].item_map;
        if (map.len > 0 && !sv_eq(map, SV("[]"))) {
            json_t *items = json_loadb(map.ptr, map.len, 0, NULL); /* was parsed once */
            put(entry, "items", items == NULL ? json_array() : items);
        }
        (void)json_array_append_new(list, entry);
    }
    put(obj, "courses", list);
}

static json_t *badge_json(const struct model_badge *badge, const struct badge_rule *rule) {
    json_t *obj = json_object();
    put_text(obj, "key", badge->key);
    put_text(obj, "name", badge->name);
    put_text(obj, "description", badge->description);
    put_text(obj, "criteria", badge->criteria);
    put_text(obj, "image", badge->image);
    put_text(obj, "image_alt", badge->image_alt);
    if (!sv_eq(badge->achievement_type, SV("Badge"))) {
        put_text(obj, "achievement_type", badge->achievement_type);
    }
    put_text(obj, "assessment", sv_from(badge_assessment_name(badge->assessment)));
    put_lists(obj, badge);
    if (badge->valid_for_days > 0) {
        put(obj, "valid_for_days", json_integer(badge->valid_for_days));
    }
    put_text(obj, "award_on", badge->award_on);
    if (badge->approval != MODEL_APPROVAL_AUTOMATIC) {
        put(obj, "approval", json_string(badge_approval_name(badge->approval)));
    }
    if (badge->on_grade_drop != MODEL_DROP_KEEP) {
        put(obj, "on_grade_drop", json_string(badge_grade_drop_name(badge->on_grade_drop)));
    }
    if (badge->is_in_gradebook) {
        put(obj, "gradebook", json_true());
    }
    put_demands(obj, badge);
    put_courses(obj, badge);
    put(obj, "rule", badge_rule_json(rule));
    return obj;
}

json_t *badge_file_write(const struct badge_file *file) {
    json_t *list = json_array();
    for (size_t i = 0; i < file->badge_count; i++) {
        (void)json_array_append_new(list, badge_json(&file->badges[i], file->rules[i]));
    }
    json_t *root = json_object();
    put(root, "issuer", issuer_json(&file->issuer));
    put(root, "badges", list);
    return root;
}

struct sv badge_file_text(struct arena *a, const struct badge_file *file) {
    AUTO_JSON *json = badge_file_write(file);
    struct sv text = badge_json_text(a, json, 2);
    return sv_printf(a, "%.*s\n", SV_ARG(text));
}
