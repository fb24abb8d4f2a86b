#include "lti_roles.h"

#define LIS "http://purl.imsglobal.org/vocab/lis/v2/"

enum right { NOTHING, LEARNER, MENTOR, TEACHER, LMS_ADMIN, TEST_USER };

struct entry {
    const char *name; /* behind LIS, or whole */
    enum right right;
};

/* reference lti.md 1.8 */
static const struct entry VOCABULARY[] = {
    {"membership#Instructor", TEACHER},
    {"membership#Learner", LEARNER},
    {"membership#Mentor", MENTOR},
    {"membership#Administrator", TEACHER},
    {"membership#ContentDeveloper", TEACHER},
    {"membership#Manager", TEACHER},
    {"membership/Instructor#ExternalInstructor", TEACHER},
    {"membership/Instructor#Grader", TEACHER},
    {"membership/Instructor#GuestInstructor", TEACHER},
    {"membership/Instructor#Instructor", TEACHER},
    {"membership/Instructor#Lecturer", TEACHER},
    {"membership/Instructor#PrimaryInstructor", TEACHER},
    {"membership/Instructor#SecondaryInstructor", TEACHER},
    {"membership/Instructor#TeachingAssistant", TEACHER},
    {"membership/Instructor#TeachingAssistantGroup", TEACHER},
    {"membership/Instructor#TeachingAssistantOffering", TEACHER},
    {"membership/Instructor#TeachingAssistantSection", TEACHER},
    {"membership/Instructor#TeachingAssistantSectionAssociation", TEACHER},
    {"membership/Instructor#TeachingAssistantTemplate", TEACHER},
    {"membership/Administrator#Administrator", TEACHER},
    {"membership/Administrator#Developer", TEACHER},
    {"membership/Administrator#ExternalDeveloper", TEACHER},
    {"membership/Administrator#ExternalSupport", TEACHER},
    {"membership/Administrator#ExternalSystemAdministrator", TEACHER},
    {"membership/Administrator#Support", TEACHER},
    {"membership/Administrator#SystemAdministrator", TEACHER},
    {"membership/ContentDeveloper#ContentDeveloper", TEACHER},
    {"membership/ContentDeveloper#ContentExpert", TEACHER},
    {"membership/ContentDeveloper#ExternalContentExpert", TEACHER},
    {"membership/ContentDeveloper#Librarian", TEACHER},
    {"membership/Manager#AreaManager", TEACHER},
    {"membership/Manager#CourseCoordinator", TEACHER},
    {"membership/Manager#Manager", TEACHER},
    {"membership/Learner#ExternalLearner", LEARNER},
    {"membership/Learner#GuestLearner", LEARNER},
    {"membership/Learner#Instructor", LEARNER},
    {"membership/Learner#Learner", LEARNER},
    {"membership/Learner#NonCreditLearner", LEARNER},
    {"membership/Mentor#Advisor", MENTOR},
    {"membership/Mentor#Auditor", MENTOR},
    {"membership/Mentor#ExternalAdvisor", MENTOR},
    {"membership/Mentor#ExternalAuditor", MENTOR},
    {"membership/Mentor#ExternalLearningFacilitator", MENTOR},
    {"membership/Mentor#ExternalMentor", MENTOR},
    {"membership/Mentor#ExternalReviewer", MENTOR},
    {"membership/Mentor#ExternalTutor", MENTOR},
    {"membership/Mentor#LearningFacilitator", MENTOR},
    {"membership/Mentor#Mentor", MENTOR},
    {"membership/Mentor#Reviewer", MENTOR},
    {"membership/Mentor#Tutor", MENTOR},
    {"institution/person#Administrator", LMS_ADMIN},
    {"system/person#Administrator", LMS_ADMIN},
    {"system/person#AccountAdmin", LMS_ADMIN},
    {"system/person#SysAdmin", LMS_ADMIN},
    {"person#Administrator", LMS_ADMIN}, /* deprecated; Moodle's NRPS */
};

static const struct entry WHOLE[] = {
    {"Instructor", TEACHER},
    {"Learner", LEARNER},
    {"Mentor", MENTOR},
    {"ContentDeveloper", TEACHER},
    {"Administrator", TEACHER},
    {"http://purl.imsglobal.org/vocab/lti/system/person#TestUser", TEST_USER},
};

static enum right look_up(const struct entry *table, size_t count, struct sv name) {
    for (size_t i = 0; i < count; i++) {
        if (sv_eq(sv_from(table[i].name), name)) {
            return table[i].right;
        }
    }
    return NOTHING;
}

static void raise_to(struct lti_roles *roles, enum model_role role) {
    if (role > roles->role) {
        roles->role = role;
    }
}

void lti_roles_add(struct lti_roles *roles, struct sv role) {
    enum right right = sv_starts(role, SV(LIS)) ? look_up(VOCABULARY, ARRAY_LEN(VOCABULARY),
                                                          sv_skip(role, sizeof LIS - 1))
                                                : look_up(WHOLE, ARRAY_LEN(WHOLE), role);
    switch (right) {
    case LEARNER:
        roles->is_learner = true;
        raise_to(roles, MODEL_ROLE_LEARNER);
        break;
    case MENTOR:
        roles->is_mentor = true;
        raise_to(roles, MODEL_ROLE_MENTOR);
        break;
    case TEACHER:
        roles->is_teacher = true;
        raise_to(roles, MODEL_ROLE_TEACHER);
        break;
    case LMS_ADMIN:
        roles->is_lms_admin = true;
        break;
    case TEST_USER:
        roles->is_test_user = true;
        break;
    case NOTHING:
        break;
    }
}

bool lti_roles_read(const json_t *claim, struct lti_roles *out, struct err *err) {
    *out = (struct lti_roles){.role = MODEL_ROLE_GUEST};
    if (!json_is_array(claim) || json_array_size(claim) > LTI_ROLES_MAX) {
        return err_because(err, ERR_DENIED, "roles",
                           "the launch does not list the person's roles (an empty list is fine)");
    }
    size_t i = 0;
    const json_t *role = NULL;
    json_array_foreach(claim, i, role) {
        if (!json_is_string(role)) {
            return err_because(err, ERR_DENIED, "roles", "a role in the launch is not a text");
        }
        lti_roles_add(out, js_sv(role));
    }
    return true;
}
