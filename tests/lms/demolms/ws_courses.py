"""Web services about the site, its courses, their contents and the people in them."""
from .completion import activity_state, state_changed_at
from .state import ROLE_IDS
from .ws_errors import course_of, integer, integers, invalid_parameter, options

SITE_COURSE_ID = 1


def site_info(school, _sent):
    from .webservice import FUNCTIONS
    user = school.users[school.ws_user_id]
    return {"sitename": school.name, "username": user.username, "firstname": user.given, "lastname": user.family,
            "fullname": user.name, "lang": "en", "userid": user.id, "siteurl": school.public_url,
            "userpictureurl": f"{school.public_url}/theme/image.php/boost/core/1/u/f1",
            "functions": [{"name": name, "version": school.release[1]} for name in FUNCTIONS],
            "downloadfiles": 0, "uploadfiles": 0, "release": school.release[0], "version": school.release[1],
            "mobilecssurl": "", "advancedfeatures": [{"name": "enablecompletion", "value": 1},
                                                     {"name": "enablebadges", "value": 1}],
            "usercanmanageownfiles": False, "userquota": 104857600, "usermaxuploadfilesize": 104857600,
            "userhomepage": 1, "siteid": SITE_COURSE_ID, "sitecalendartype": "gregorian",
            "usercalendartype": "gregorian", "userissiteadmin": False, "theme": "boost"}


def site_course(school):
    return {"id": SITE_COURSE_ID, "shortname": "northside", "categoryid": 0, "categorysortorder": 1,
            "fullname": school.name, "displayname": school.name, "idnumber": "", "summary": "", "summaryformat": 0,
            "format": "site", "showgrades": 1, "newsitems": 3, "startdate": 0, "enddate": 0, "numsections": 0,
            "visible": 1, "enablecompletion": 1, "completionnotify": 0, "timecreated": 0, "timemodified": 0}


def course_json(course):
    return {"id": course.id, "shortname": course.shortname, "categoryid": 1, "categorysortorder": 10000 + course.id,
            "fullname": course.fullname, "displayname": course.fullname, "idnumber": course.idnumber,
            "summary": course.summary, "summaryformat": 1, "format": "topics", "showgrades": 1, "newsitems": 5,
            "startdate": course.start, "enddate": course.end, "numsections": 1, "maxbytes": 0, "showreports": 0, "visible": 1,
            "groupmode": 0, "groupmodeforce": 0, "defaultgroupingid": 0, "timecreated": course.start,
            "timemodified": course.start, "enablecompletion": 1, "completionnotify": 0, "lang": "",
            "forcetheme": "", "showactivitydates": True, "showcompletionconditions": True}


def courses(school, sent):
    wanted = integers(sent, "options", "ids")
    everything = [site_course(school)] + [course_json(c) for c in school.courses.values()]
    if not wanted:
        return everything
    return [c for c in everything if c["id"] in wanted]


def courses_by_field(school, sent):
    name, value = sent.get("field", ""), sent.get("value", "")
    everything = [site_course(school)] + [course_json(c) for c in school.courses.values()]
    if name == "":
        found = everything
    elif name in ("id", "shortname", "idnumber", "category"):
        key = "categoryid" if name == "category" else name
        found = [c for c in everything if str(c[key]) == value]
    elif name == "ids":
        found = [c for c in everything if str(c["id"]) in value.split(",")]
    else:
        raise invalid_parameter("Invalid field name")
    return {"courses": found, "warnings": []}


def contents(school, sent):
    course = course_of(school, integer(sent, "courseid"))
    modules = [module_json(school, a) for a in school.activities_of(course)]
    return [{"id": course.id * 10, "name": "General", "visible": 1, "summary": course.summary, "summaryformat": 1,
             "section": 0, "hiddenbynumsections": 0, "uservisible": True, "modules": []},
            {"id": course.id * 10 + 1, "name": "Activities", "visible": 1, "summary": "", "summaryformat": 1,
             "section": 1, "hiddenbynumsections": 0, "uservisible": True, "modules": modules}]


def module_json(school, activity):
    state = activity_state(school, activity, school.ws_user_id)
    plural = {"assign": "Assignments", "quiz": "Quizzes", "page": "Pages", "lti": "External tools"}
    module = {"id": activity.cmid, "url": f"{school.public_url}/mod/{activity.kind}/view.php?id={activity.cmid}",
              "name": activity.title, "instance": activity.instance, "contextid": 1000 + activity.cmid,
              "visible": int(activity.visible), "uservisible": activity.visible, "visibleoncoursepage": 1,
              "modicon": f"{school.public_url}/theme/image.php/boost/{activity.kind}/1/monologo",
              "modname": activity.kind, "modplural": plural[activity.kind], "availability": None, "indent": 0,
              "onclick": "", "afterlink": None, "customdata": "\"\"", "noviewlink": False,
              "completion": activity.tracking, "dates": []}
    if activity.tracking:
        module["completiondata"] = {
            "state": state, "timecompleted": state_changed_at(school, activity, school.ws_user_id), "overrideby": None,
            "valueused": False, "hascompletion": True, "isautomatic": activity.tracking == 2,
            "istrackeduser": False, "uservisible": True, "details": []}
    if activity.due:
        module["dates"] = [{"label": "Due:", "timestamp": activity.due, "dataid": "timeclose" if activity.kind == "quiz"
                            else "duedate"}]
        if school.quirks.version == "4.1":
            del module["dates"][0]["dataid"]
    return module


def enrolled_users(school, sent):
    course = course_of(school, integer(sent, "courseid"))
    chosen = options(sent)
    people = [e for e in course.enrolments.values() if not (chosen.get("onlyactive") == "1" and e.suspended)]
    try:
        offset, limit = int(chosen.get("limitfrom", 0)), int(chosen.get("limitnumber", 0))
    except ValueError as problem:
        raise invalid_parameter("options") from problem
    people = sorted(people, key=lambda e: e.user_id)
    people = people[offset:offset + limit] if limit else people[offset:]
    rows = [enrolled_user(school, course, e) for e in people]
    if "userfields" in chosen:
        fields = {"id", *chosen["userfields"].split(",")}
        rows = [{name: value for name, value in row.items() if name in fields} for row in rows]
    return rows


def enrolled_user(school, course, enrolment):
    user = school.users[enrolment.user_id]
    seen = school.last_access(course, user)
    row = {"id": user.id, "username": user.username, "firstname": user.given, "lastname": user.family,
           "fullname": user.name, "email": user.email, "department": "", "idnumber": user.idnumber,
           "firstaccess": course.start, "lastaccess": seen, "lastcourseaccess": seen, "description": "",
           "descriptionformat": 1, "profileimageurlsmall": f"{school.public_url}/theme/image.php/boost/core/1/u/f2",
           "profileimageurl": f"{school.public_url}/theme/image.php/boost/core/1/u/f1",
           "roles": [{"roleid": ROLE_IDS[enrolment.role], "name": "", "shortname": enrolment.role, "sortorder": 0}],
           "enrolledcourses": [{"id": c.id, "fullname": c.fullname, "shortname": c.shortname}
                               for c in school.courses.values() if user.id in c.enrolments]}
    if school.quirks.ws_hides_access:
        del row["firstaccess"], row["lastaccess"], row["lastcourseaccess"]
    if not row["idnumber"]:
        del row["idnumber"]
    return row
