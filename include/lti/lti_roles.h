/* Roles to rights (LTI Core 1.3, A.2; reference lti.md 1.8; attacks.md C18, C20). By exact match
 * against the vocabulary, never by part of a text. Only context roles decide; what somebody is in
 * the institution or the system gives no right in a course.
 *
 *   membership#Instructor, ContentDeveloper, Administrator, Manager, and their sub-roles   TEACHER
 *     (membership/Instructor#TeachingAssistant too; Manager#Observer and #ExternalObserver not)
 *   membership#Mentor and its sub-roles (Canvas observers)                                 MENTOR
 *   membership#Learner and its sub-roles, also membership/Learner#Instructor               LEARNER
 *   Instructor, Learner, Mentor, ContentDeveloper, Administrator, bare                     the same
 *   system or institution Administrator, SysAdmin, AccountAdmin          is_lms_admin, no role
 *   http://purl.imsglobal.org/vocab/lti/system/person#TestUser           is_test_user, no role
 *   anything else                                                        GUEST
 * The highest wins. */
#pragma once
#include "base_json.h"
#include "model_lti.h"

#define LTI_ROLES_MAX 200

struct lti_roles {
    enum model_role role; /* GUEST..TEACHER */
    bool is_learner, is_mentor, is_teacher;
    bool is_lms_admin;
    bool is_test_user;
};

void lti_roles_add(struct lti_roles *roles, struct sv role);
/* The roles claim. An empty array is a guest. Fails: ERR_DENIED "roles" when it is no array of
 * strings or has over LTI_ROLES_MAX. */
NODISCARD bool lti_roles_read(const json_t *claim, struct lti_roles *out, struct err *err);
