#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_roles.h"

#define LIS "http://purl.imsglobal.org/vocab/lis/v2/"
#define M LIS "membership#"
#define TEST "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

#define GUEST MODEL_ROLE_GUEST
#define LEARNER MODEL_ROLE_LEARNER
#define MENTOR MODEL_ROLE_MENTOR
#define TEACHER MODEL_ROLE_TEACHER

static const struct {
    const char *name;
    const char *roles[4];
    enum model_role role;
    bool is_learner, is_lms_admin, is_test_user;
} ROWS[] = {
    {"V5 none", {NULL}, GUEST, false, false, false},
    {"V4 unknown", {"https://x.example/role#Captain"}, GUEST, false, false, false},
    {"V1 teacher", {M "Instructor"}, TEACHER, false, false, false},
    {"V1 student", {M "Learner"}, LEARNER, true, false, false},
    {"V3 short Instructor", {"Instructor"}, TEACHER, false, false, false},
    {"V3 short Learner", {"Learner"}, LEARNER, true, false, false},
    {"V3 short Mentor", {"Mentor"}, MENTOR, false, false, false},
    {"V3 short ContentDeveloper", {"ContentDeveloper"}, TEACHER, false, false, false},
    {"V3 short Administrator", {"Administrator"}, TEACHER, false, false, false},
    {"V2 several",
     {LIS "institution/person#Staff", M "Instructor", LIS "system/person#User"},
     TEACHER,
     false,
     false,
     false},
    {"teacher and learner", {M "Learner", M "Instructor"}, TEACHER, true, false, false},
    {"designer", {M "ContentDeveloper"}, TEACHER, false, false, false},
    {"course administrator", {M "Administrator"}, TEACHER, false, false, false},
    {"manager", {M "Manager"}, TEACHER, false, false, false},
    {"assistant alone",
     {LIS "membership/Instructor#TeachingAssistant"},
     TEACHER,
     false,
     false,
     false},
    {"observing manager alone", {LIS "membership/Manager#Observer"}, GUEST, false, false, false},
    {"member, officer", {M "Member", M "Officer"}, GUEST, false, false, false},
    {"mentor", {M "Mentor"}, MENTOR, false, false, false},
    {"mentor by sub-role", {LIS "membership/Mentor#Tutor"}, MENTOR, false, false, false},
    {"learner by sub-role",
     {LIS "membership/Learner#NonCreditLearner"},
     LEARNER,
     true,
     false,
     false},
    {"test student", {M "Learner", TEST}, LEARNER, true, false, true},
    {"test marker alone", {TEST}, GUEST, false, false, true},
    {"Moodle's site administrator",
     {LIS "institution/person#Administrator", M "Instructor", LIS "system/person#Administrator"},
     TEACHER,
     false,
     true,
     false},
    {"C21 SysAdmin", {LIS "system/person#SysAdmin"}, GUEST, false, true, false},
    {"AccountAdmin", {LIS "system/person#AccountAdmin"}, GUEST, false, true, false},
    {"deprecated person", {LIS "person#Administrator"}, GUEST, false, true, false},
    {"C20 institution Instructor",
     {LIS "institution/person#Instructor"},
     GUEST,
     false,
     false,
     false},
    {"C20 institution Learner", {LIS "institution/person#Learner"}, GUEST, false, false, false},
    {"C20 institution Mentor", {LIS "institution/person#Mentor"}, GUEST, false, false, false},
    {"C20 membership/Learner#Instructor",
     {LIS "membership/Learner#Instructor"},
     LEARNER,
     true,
     false,
     false},
    {"C20 #InstructorX", {M "InstructorX"}, GUEST, false, false, false},
    {"C20 #Instructo", {M "Instructo"}, GUEST, false, false, false},
    {"C20 evil#Instructor",
     {"http://evil.example/membership#Instructor"},
     GUEST,
     false,
     false,
     false},
    {"C20 evil in front", {"evil" M "Instructor"}, GUEST, false, false, false},
    {"C20 https vocabulary",
     {"https://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"},
     GUEST,
     false,
     false,
     false},
    {"C20 space behind", {M "Instructor "}, GUEST, false, false, false},
    {"C20 space behind, short", {"Instructor "}, GUEST, false, false, false},
    {"C20 lower case", {"instructor"}, GUEST, false, false, false},
    {"C20 unknown sub-role", {LIS "membership/Instructor#Evil"}, GUEST, false, false, false},
    {"C20 sub-role of nothing", {LIS "membership/#Instructor"}, GUEST, false, false, false},
    {"C20 urn", {"urn:lti:role:ims/lis/Instructor"}, GUEST, false, false, false},
    {"C20 prefix alone", {LIS}, GUEST, false, false, false},
    {"C20 empty", {""}, GUEST, false, false, false},
    {"C20 short TestUser", {"TestUser"}, GUEST, false, false, false},
};

static void lti_roles_read__decides_by_exact_match(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        print_message("  %s\n", ROWS[i].name);
        AUTO_JSON *claim = json_array();
        for (size_t j = 0; j < 4 && ROWS[i].roles[j] != NULL; j++) {
            (void)json_array_append_new(claim, json_string(ROWS[i].roles[j]));
        }
        struct lti_roles got;
        struct err err = {0};
        assert_true(lti_roles_read(claim, &got, &err));
        assert_int_equal(got.role, ROWS[i].role);
        assert_int_equal(got.is_learner, ROWS[i].is_learner);
        assert_int_equal(got.is_lms_admin, ROWS[i].is_lms_admin);
        assert_int_equal(got.is_test_user, ROWS[i].is_test_user);
        assert_int_equal(got.is_teacher, ROWS[i].role == TEACHER);
    }
}

static void lti_roles_read__refuses_what_is_no_list_of_texts(void **state) {
    (void)state;
    static const char *const rows[] = {"null",
                                       "\"Learner\"",
                                       "{}",
                                       "true",
                                       "[1]",
                                       "[null]",
                                       "[[\"Learner\"]]",
                                       "[\"Learner\",{}]"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i]);
        AUTO_JSON *claim = json_loads(rows[i], JSON_DECODE_ANY, NULL);
        struct lti_roles got;
        struct err err = {0};
        assert_false(lti_roles_read(claim, &got, &err));
        assert_string_equal(err.reason, "roles");
        assert_int_equal(err.code, ERR_DENIED);
    }
    struct lti_roles got;
    struct err err = {0};
    assert_false(lti_roles_read(NULL, &got, &err));
    AUTO_JSON *many = json_array();
    for (int i = 0; i < LTI_ROLES_MAX; i++) {
        (void)json_array_append_new(many, json_string("x"));
    }
    assert_true(lti_roles_read(many, &got, &err));
    (void)json_array_append_new(many, json_string("x"));
    assert_false(lti_roles_read(many, &got, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_roles_read__decides_by_exact_match),
        cmocka_unit_test(lti_roles_read__refuses_what_is_no_list_of_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
