/* A verdict in words: the learner's progress, the teacher's "why / why not", the award's record. */
#pragma once
#include "badge_decide.h"

enum badge_voice {
    BADGE_VOICE_LEARNER, /* "Your Field report has 10 points; the badge needs 12." */
    BADGE_VOICE_TEACHER  /* "Field report: 10 points; needs 12." */
};

/* New reference:
 *   {"met": false, "decidable": true, "title": "all of", "summary": "3 of 4 done",
 *    "done": 3, "total": 4,
 *    "steps_left": 1,                 null: no road is left
 *    "next": "Your Field report has 10 points; the badge needs 12.",      null when met
 *    "conditions": [CONDITION...]}    the root's children; the root itself when it is a leaf
 * CONDITION
 *   {"kind": "leaf",                  or "group"
 *    "text": "Lab safety quiz is at least 80 %",
 *    "state": "met",                  badge_state_name
 *    "why": "met",                    badge_why_name
 *    "value": "92 %", "needed": "80 %",   null when there is none
 *    "detail": "Your Lab safety quiz has 92 %; the badge needs 80 %.",
 *    "children": [CONDITION...]}
 * A grade that the LMS hides from the learner is in none of the learner's texts. */
json_t *badge_explain(const struct badge_plan *plan, const struct badge_verdict *verdict,
                      enum badge_voice voice);

/* What an award keeps of why it was made; new reference. Facts as seen, decimals as text:
 *   {"rule_version": 3, "met": true, "leaves": [
 *     {"text": "Lab safety quiz is at least 80 %", "state": "met", "why": "met",
 *      "item": {"kind": "activity", "source": "moodle", "id": "17", "title": "..."},
 *      "score": "92", "maximum": "100", "letter": "A", "completion": "passed",
 *      "submitted_at": "...", "graded_at": "...", "completed_at": "...",
 *      "badge": "other-key", "at": "..."}]}
 * Members that are not known are absent, and so are grades hidden from the learner. */
json_t *badge_reasons_json(const struct badge_plan *plan, const struct badge_verdict *verdict,
                           int64_t rule_version);
