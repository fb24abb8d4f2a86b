"""Web service refusals and the reading of PHP-style parameters."""
import re


class WsError(Exception):
    def __init__(self, exception, code, message, debuginfo=""):
        super().__init__(message)
        self.exception, self.code, self.message, self.debuginfo = exception, code, message, debuginfo


def invalid_parameter(detail):
    return WsError("invalid_parameter_exception", "invalidparameter", f"Invalid parameter value detected ({detail})", detail)


def integer(sent, name, default=None):
    """A whole number; missing without a default, or not a number, is a refusal."""
    text = sent.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise invalid_parameter(f"Missing required key in single structure: {name}")
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise invalid_parameter(f"{name} => Invalid parameter value detected: Invalid external api parameter: "
                                f"the value is \"{text}\", the server was expecting \"int\" type")
    return int(text)


def integers(sent, *path):
    """The values of name[0], name[1]... (or of a[b][0]...), in the order sent."""
    start = path[0] + "".join(f"[{part}]" for part in path[1:])
    values = []
    for name, text in sent.items(multi=True):
        if re.fullmatch(re.escape(start) + r"\[\d*\]", name):
            if not text.isdecimal():
                raise invalid_parameter(f"{start} => {text}")
            values.append(int(text))
    return values


def options(sent):
    """options[N][name] / options[N][value] as a dictionary."""
    pairs = {}
    for name, text in sent.items():
        found = re.fullmatch(r"options\[(\d+)\]\[(name|value)\]", name)
        if found:
            pairs.setdefault(found[1], {})[found[2]] = text
    return {pair["name"]: pair.get("value", "") for pair in pairs.values() if "name" in pair}


def course_of(school, course_id):
    if course_id not in school.courses:
        raise WsError("dml_missing_record_exception", "invalidrecord",
                      "Can't find data record in database table course.", f"SELECT * FROM course WHERE id = {course_id}")
    return school.courses[course_id]


def user_of(school, user_id):
    if user_id not in school.users:
        raise WsError("dml_missing_record_exception", "invaliduser", "Invalid user", f"id={user_id}")
    return school.users[user_id]
