"""Renders the page templates with fixture data, so that people can look at pages without a server.

    python3 tests/support/render_templates.py OUT [FIXTURE...]

A small second implementation of the template language of module/text: {{x}} escapes, {{url:x}} takes
https addresses, own absolute paths and offers to wallets, {{json:x}} is for data blocks, {{#x}} {{^x}} {{/x}} open on
objects, on what is true and on what is not empty, {{>part}} includes, {{markdown:x}} renders without
raw HTML. An unknown key, an unquoted attribute, inline style or script, an id that comes twice and a
circle of parts are errors. tests/fixture/pages/NAME.json holds {"template": ..., "data": ...}; its "base" names
another fixture whose data it changes at the top level. Writes OUT/NAME.html and copies the assets.
"""
import html
import json
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TEMPLATES = ROOT / "module" / "page" / "template"
ASSETS = ROOT / "module" / "page" / "asset"
FIXTURES = HERE.parent / "fixture" / "pages"

TAG = re.compile(r"\{\{(.*?)\}\}", re.S)
SAFE_WORD = re.compile(r"[A-Za-z0-9_-]*\Z")
DEPTH_MAX = 32


class TemplateError(Exception):
    pass


def parse(source, name):
    """Nested lists: str | (kind, key) | ("section", is_inverse, key, children)."""
    root, stack, at = [], [], 0
    here = root
    for match in TAG.finditer(source):
        here.append(source[at:match.start()])
        at = match.end()
        body = match.group(1)
        if body.startswith("!"):
            continue
        body = body.strip()
        if body[:1] in "#^":
            node = ("section", body[0] == "^", body[1:].strip(), [])
            here.append(node)
            stack.append((node, here))
            here = node[3]
        elif body[:1] == "/":
            if not stack or stack[-1][0][2] != body[1:].strip():
                raise TemplateError(f"{name}: {{{{{body}}}}} closes nothing")
            here = stack.pop()[1]
        elif body[:1] == ">":
            here.append(("part", body[1:].strip()))
        else:
            kind, _, key = body.rpartition(":")
            if kind not in ("", "url", "json", "markdown"):
                raise TemplateError(f"{name}: {{{{{body}}}}} is no known form")
            here.append((kind or "text", key))
    here.append(source[at:])
    if stack:
        raise TemplateError(f"{name}: {{{{#{stack[-1][0][2]}}}}} is never closed")
    return root


def lookup(contexts, key, name):
    if key == ".":
        return contexts[-1]
    first, *rest = key.split(".")
    for context in reversed(contexts):
        if isinstance(context, dict) and first in context:
            value = context[first]
            break
    else:
        raise TemplateError(f"{name}: no key {key!r}")
    for part in rest:
        if not isinstance(value, dict) or part not in value:
            raise TemplateError(f"{name}: no key {key!r}")
        value = value[part]
    return value


def scalar(value, key, name):
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise TemplateError(f"{name}: {key!r} is no text or number")


def url(value, name):
    if re.match(r"https://[A-Za-z0-9.-]+(:\d+)?(/[^\s\"'<>]*)?\Z", value) or re.match(r"/(?![/\\])[^\s\"'<>\\]*\Z", value):
        return html.escape(value)
    if re.match(r"openid-credential-offer://\?credential_offer_uri=https%3A%2F%2F[\w.~%-]+\Z", value, re.ASCII):
        return html.escape(value)
    raise TemplateError(f"{name}: {value!r} is no https address or own path")


def inline_markdown(text):
    text = html.escape(text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\*(.+?)\*", r"<em>\1</em>", text)
    return re.sub(r"\[(.+?)\]\((https://[^\s)]+)\)", r'<a href="\2" rel="nofollow noopener noreferrer">\1</a>', text)


def markdown(source):
    blocks = []
    for block in re.split(r"\n\s*\n", source.strip()):
        lines = block.splitlines()
        heading = re.match(r"(#{1,4}) (.*)", block)
        if heading:
            level = len(heading.group(1))
            blocks.append(f"<h{level}>{inline_markdown(heading.group(2))}</h{level}>")
        elif lines and all(re.match(r"[-*] ", line) for line in lines):
            blocks.append("<ul>" + "".join(f"<li>{inline_markdown(line[2:])}</li>" for line in lines) + "</ul>")
        elif block:
            blocks.append(f"<p>{inline_markdown(' '.join(lines))}</p>")
    return "\n".join(blocks)


class Renderer:
    def __init__(self, folder=TEMPLATES):
        self.trees = {path.stem: parse(path.read_text(encoding="utf-8"), path.name)
                      for path in sorted(folder.glob("*.html"))}

    def render(self, template, data):
        out = []
        self.run(template, self.tree(template), [data], out, [template])
        page = "".join(out)
        check(page, template)
        return page

    def tree(self, name):
        if name not in self.trees:
            raise TemplateError(f"no template {name!r}")
        return self.trees[name]

    def run(self, name, nodes, contexts, out, parts):
        for node in nodes:
            if isinstance(node, str):
                out.append(node)
            elif node[0] == "section":
                self.section(name, node, contexts, out, parts)
            elif node[0] == "part":
                if node[1] in parts or len(parts) > DEPTH_MAX:
                    raise TemplateError(f"{name}: {node[1]!r} includes itself")
                self.run(node[1], self.tree(node[1]), contexts, out, parts + [node[1]])
            else:
                out.append(self.value(name, node, contexts, out))

    def section(self, name, node, contexts, out, parts):
        _, is_inverse, key, children = node
        value = lookup(contexts, key, name)
        is_shown = isinstance(value, dict) or bool(value)
        if is_inverse or not is_shown:
            if is_inverse and not is_shown:
                self.run(name, children, contexts, out, parts)
            return
        if value is True:
            items = [contexts]
        else:
            items = [contexts + [item] for item in (value if isinstance(value, list) else [value])]
        for inner in items:
            self.run(name, children, inner, out, parts)

    def value(self, name, node, contexts, out):
        kind, key = node
        value = lookup(contexts, key, name)
        if kind == "json":
            return json.dumps(value).replace("<", "\\u003c").replace("&", "\\u0026")
        value = scalar(value, key, name)
        if kind == "url":
            return url(value, name)
        if kind == "markdown":
            return markdown(value)
        before = "".join(out[-8:])
        if re.search(r'class="[^"<>]*\Z', before) and not SAFE_WORD.match(value):
            raise TemplateError(f"{name}: {value!r} is no safe word for a class")
        return html.escape(value)


def check(page, name):
    """What a strict content security policy would refuse, and unquoted attributes."""
    for tag in re.findall(r"<[a-zA-Z](?:[^>\"]|\"[^\"]*\")*>", page):
        if re.search(r"\s(style|on\w+)\s*=", re.sub(r"\"[^\"]*\"", '""', tag)):
            raise TemplateError(f"{name}: inline style or handler in {tag}")
        if re.search(r"=[^\"\s]", re.sub(r"\"[^\"]*\"", '""', tag)):
            raise TemplateError(f"{name}: unquoted attribute in {tag}")
    if re.search(r"<style|<script(?![^>]*\s(?:src=|type=\"application/json\"))", page):
        raise TemplateError(f"{name}: inline style or script")
    ids = re.findall(r'\sid="([^"]*)"', page)
    doubled = sorted({i for i in ids if ids.count(i) > 1})
    if doubled:
        raise TemplateError(f"{name}: the same id twice: {doubled}")


def fixture(name):
    loaded = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    if "base" in loaded:
        base = fixture(loaded["base"])
        return {"template": loaded.get("template", base["template"]), "data": {**base["data"], **loaded["data"]}}
    return loaded


def localise(page):
    """Own paths become relative files, so that the page opens from a folder."""
    page = re.sub(r'(href|src)="/assets/[^/"]+/', r'\1="', page)
    return re.sub(r'src="/art/', r'src="art/', page)


def main(arguments):
    if not arguments:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    out = pathlib.Path(arguments[0])
    names = arguments[1:] or sorted(path.stem for path in FIXTURES.glob("*.json"))
    out.mkdir(parents=True, exist_ok=True)
    for folder, target in ((ASSETS, out), (FIXTURES / "art", out / "art")):
        shutil.copytree(folder, target, dirs_exist_ok=True)
    renderer = Renderer()
    for name in names:
        loaded = fixture(name)
        page = renderer.render(loaded["template"], loaded["data"])
        (out / f"{name}.html").write_text(localise(page), encoding="utf-8")
    print(f"{len(names)} pages in {out}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TemplateError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
