/* Other people's SVG by allow-list: read by libxml2, written anew. */
#include "base_encode.h"
#include "image_check.h"
#include "image_own.h"
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#define SVG_NAMESPACE "http://www.w3.org/2000/svg"
#define XLINK_NAMESPACE "http://www.w3.org/1999/xlink"
#define ELEMENTS_MAX 20000
#define DEPTH_MAX 100
#define OUT_BYTES_MAX (2 * IMAGE_SVG_MAX_BYTES)

/* SVG 1.1 and 2, without what runs, moves, links or loads. */
static const char ELEMENTS[] =
    " circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer feComposite"
    " feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood"
    " feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset"
    " fePointLight feSpecularLighting feSpotLight feTile feTurbulence filter g image line"
    " linearGradient marker mask path pattern polygon polyline radialGradient rect stop style"
    " svg switch symbol text textPath title tspan use"
    " ";

/* Geometry, and what paints. */
static const char ATTRIBUTES[] =
    " alignment-baseline amplitude azimuth baseFrequency baseline-shift bias class clip"
    " clip-path clip-rule clipPathUnits color color-interpolation color-interpolation-filters"
    " cx cy d diffuseConstant direction display divisor dominant-baseline dx dy edgeMode"
    " elevation enable-background exponent fill fill-opacity fill-rule filter filterUnits"
    " flood-color flood-opacity font-family font-size font-size-adjust font-stretch font-style"
    " font-variant font-weight fr fx fy gradientTransform gradientUnits height id"
    " image-rendering in in2 intercept isolation k1 k2 k3 k4 kernelMatrix kernelUnitLength"
    " lengthAdjust letter-spacing lighting-color limitingConeAngle marker-end marker-mid"
    " marker-start markerHeight markerUnits markerWidth mask mask-type maskContentUnits"
    " maskUnits mix-blend-mode mode numOctaves offset opacity operator order orient overflow"
    " paint-order patternContentUnits patternTransform patternUnits points pointsAtX pointsAtY"
    " pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits r radius refX refY result"
    " rotate rx ry scale seed shape-rendering slope specularConstant specularExponent"
    " spreadMethod startOffset stdDeviation stitchTiles stop-color stop-opacity stroke"
    " stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit"
    " stroke-opacity stroke-width style surfaceScale systemLanguage tableValues targetX"
    " targetY text-anchor text-decoration text-rendering textLength transform transform-origin"
    " type unicode-bidi values vector-effect version viewBox visibility width word-spacing"
    " writing-mode x x1 x2 xChannelSelector y y1 y2 yChannelSelector z"
    " ";

/* Of SVG, and refused rather than left out: who put them there would miss them. */
static const struct {
    const char *name, *what;
} REFUSED[] = {{"script", "a script"},
               {"handler", "a script"},
               {"listener", "a script"},
               {"foreignObject", "a part of another kind (foreignObject)"},
               {"iframe", "a part of another kind (iframe)"},
               {"audio", "sound"},
               {"video", "a film"},
               {"a", "a link"},
               {"animate", "animation"},
               {"animateColor", "animation"},
               {"animateMotion", "animation"},
               {"animateTransform", "animation"},
               {"set", "animation"},
               {"feImage", "a filter that loads pictures (feImage)"}};

struct cleaning {
    struct arena *arena;
    struct str out;
    struct err *err;
    size_t elements, depth;
};

static bool refuse(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "image", "%s", why);
}

static bool refuse_holding(struct err *err, const char *what) {
    return err_because(err, ERR_INPUT, "image",
                       "The drawing holds %s, which no badge may; take it out and save it as plain "
                       "SVG, or save the picture as PNG.",
                       what);
}

/* Is the name one of a list, whose names stand between spaces? */
static bool is_any(struct sv name, const char *list) {
    for (const char *at = list; *at != '\0'; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        if (name.len > 0 && strncmp(at, name.ptr, name.len) == 0 && at[name.len] == ' ') {
            return true;
        }
    }
    return false;
}

static struct sv xml_sv(const xmlChar *text) { return sv_from((const char *)text); }

static bool is_in(const xmlNs *ns, const char *uri) {
    return ns != NULL && sv_eq(xml_sv(ns->href), sv_from(uri));
}

static void free_text(xmlChar **text) {
    if (*text != NULL) {
        xmlFree(*text);
    }
}

static void free_document(xmlDocPtr *doc) { xmlFreeDoc(*doc); }
static void free_parser(xmlParserCtxtPtr *parser) { xmlFreeParserCtxt(*parser); }

static void add_escaped(struct str *out, struct sv text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        const char *coded = c == '<'    ? "&lt;"
                            : c == '>'  ? "&gt;"
                            : c == '&'  ? "&amp;"
                            : c == '"'  ? "&quot;"
                            : c == '\r' ? "&#13;"
                                        : NULL;
        if (coded != NULL) {
            str_add_c(out, coded);
        } else {
            str_add_char(out, c);
        }
    }
}

/* Attributes read line feeds and tabs as spaces, unless they are written as numbers. */
static void add_attribute(struct str *out, const char *name, struct sv value) {
    str_addf(out, " %s=\"", name);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\n' || c == '\t') {
            str_add_char(out, ' ');
        } else {
            add_escaped(out, sv_of(&c, 1));
        }
    }
    str_add_char(out, '"');
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Behind "url(": a place in this drawing? */
static bool is_inside(struct sv rest) {
    rest = sv_trim(rest);
    if (rest.len > 0 && (rest.ptr[0] == '\'' || rest.ptr[0] == '"')) {
        rest = sv_skip(rest, 1);
    }
    return rest.len > 0 && rest.ptr[0] == '#';
}

/* Style sheets and painting attributes load things by functions and at-rules (CSS Images 4, CSS
 * Cascade 5); with neither escapes nor other functions there is no way to spell them. */
static bool loads_nothing(struct sv value) {
    static const char functions[] =
        " rgb rgba hsl hsla matrix translate rotate scale skewX skewY translateX scaleX"
        " translateY scaleY rect circle ellipse polygon inset calc matrix3d blur not is"
        " nth-child var nth-of-type translate3d opacity"
        " ";
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\\' || c == '@') {
            return false;
        }
        if (c != '(') {
            continue;
        }
        size_t from = i;
        while (from > 0 && is_word(value.ptr[from - 1])) {
            from--;
        }
        struct sv name = sv_of(value.ptr + from, i - from);
        if (sv_eq_nocase(name, SV("url")) ? !is_inside(sv_skip(value, i + 1))
                                          : !is_any(name, functions)) {
            return false;
        }
    }
    return true;
}

/* An embedded picture: PNG or JPEG, and what it says it is. */
static bool embedded_check(struct arena *a, struct sv value, struct err *err) {
    struct image_size size = {0};
    struct err why = {0};
    struct sv bytes = {0};
    struct str text;
    bool is_png = sv_starts(value, SV("data:image/png;base64,"));
    bool is_jpeg = sv_starts(value, SV("data:image/jpeg;base64,")) ||
                   sv_starts(value, SV("data:image/jpg;base64,"));
    if (!is_png && !is_jpeg) {
        return refuse(err, "The drawing shows a picture that is not inside it, or of a kind we do "
                           "not know; embed it as PNG or JPEG, or save the whole as PNG.");
    }
    value = sv_skip(value, sv_find(value, ',') + 1);
    str_init(&text, a, value.len + 1);
    for (size_t i = 0; i < value.len; i++) {
        if (strchr(" \t\r\n", value.ptr[i]) == NULL) {
            str_add_char(&text, value.ptr[i]);
        }
    }
    bool is_good =
        base64_decode(a, str_sv(&text), &bytes, &why) &&
        (is_png ? image_png_check(bytes, &size, &why) : sv_starts(bytes, SV("\xFF\xD8\xFF")));
    return is_good || refuse(err, "The drawing holds a picture that is damaged, or not what it "
                                  "says it is; embed it again as PNG or JPEG.");
}

static bool reference_check(const struct cleaning *c, struct sv element, struct sv value) {
    if (value.len > 0 && value.ptr[0] == '#') {
        return true;
    }
    return sv_eq(element, SV("image")) ? embedded_check(c->arena, value, c->err)
                                       : refuse_holding(c->err, "a reference that leads out of it");
}

static bool attribute_put(struct cleaning *c, struct sv element, const xmlAttr *attribute) {
    struct sv name = xml_sv(attribute->name);
    bool is_xlink = is_in(attribute->ns, XLINK_NAMESPACE);
    bool is_xml = is_in(attribute->ns, (const char *)XML_XML_NAMESPACE);
    bool is_plain = attribute->ns == NULL;
    CLEANUP(free_text)
    xmlChar *content = xmlNodeListGetString(attribute->doc, attribute->children, 1);
    struct sv value = xml_sv(content);
    if (is_plain && name.len > 2 && sv_eq_nocase(sv_head(name, 2), SV("on"))) {
        return refuse_holding(c->err, "a script (an event handler)");
    }
    if ((is_plain || is_xlink) && sv_eq(name, SV("href"))) {
        if (!reference_check(c, element, sv_trim(value))) {
            return false;
        }
        add_attribute(&c->out, "xlink:href", sv_trim(value));
    } else if (is_xml && sv_eq(name, SV("space"))) {
        add_attribute(&c->out, "xml:space", value);
    } else if (is_plain && is_any(name, ATTRIBUTES)) {
        if (!loads_nothing(value)) {
            return refuse_holding(c->err, "a style that leads out of it");
        }
        add_attribute(&c->out, (const char *)attribute->name, value);
    }
    return true;
}

static bool style_check(const struct cleaning *c, const xmlNode *style) {
    CLEANUP(free_text) xmlChar *content = xmlNodeGetContent(style);
    return loads_nothing(xml_sv(content)) ||
           refuse_holding(c->err, "a style sheet that loads something or has rules with @");
}

/* The start of an element that stays. */
static bool element_put(struct cleaning *c, const xmlNode *node) {
    struct sv name = xml_sv(node->name);
    if (sv_eq(name, SV("style")) && !style_check(c, node)) {
        return false;
    }
    str_addf(&c->out, "<%s", (const char *)node->name);
    for (const xmlAttr *at = node->properties; at != NULL; at = at->next) {
        if (!attribute_put(c, name, at)) {
            return false;
        }
    }
    str_add_char(&c->out, '>');
    return true;
}

/* *is_open: it stays, and so may what is in it. */
static bool element_enter(struct cleaning *c, const xmlNode *node, bool *is_open) {
    struct sv name = xml_sv(node->name);
    bool is_svg = is_in(node->ns, SVG_NAMESPACE);
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
        if (sv_eq_nocase(name, sv_from(REFUSED[i].name)) && (is_svg || i == 0)) {
            return refuse_holding(c->err, REFUSED[i].what);
        }
    }
    *is_open = is_svg && is_any(name, ELEMENTS);
    if (!*is_open) {
        return true;
    }
    if (++c->elements > ELEMENTS_MAX || ++c->depth > DEPTH_MAX) {
        return refuse(c->err, "The drawing has too many parts; simplify it, or save it as PNG.");
    }
    return element_put(c, node);
}

static bool enter(struct cleaning *c, const xmlNode *node, bool *is_open) {
    if (node->type == XML_ELEMENT_NODE) {
        return element_enter(c, node, is_open);
    }
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
        add_escaped(&c->out, xml_sv(node->content));
    }
    return node->type != XML_ENTITY_REF_NODE || refuse_holding(c->err, "an entity");
}

static void leave(struct cleaning *c, const xmlNode *node) {
    str_addf(&c->out, "</%s>", (const char *)node->name);
    c->depth--;
}

/* All that is in `root`, in order. */
static bool inside_put(struct cleaning *c, const xmlNode *root) {
    const xmlNode *node = root->children;
    while (node != NULL) {
        bool is_open = false;
        if (!enter(c, node, &is_open)) {
            return false;
        }
        if (is_open && node->children != NULL) {
            node = node->children;
            continue;
        }
        if (is_open) {
            leave(c, node);
        }
        while (node->next == NULL && node->parent != root) {
            node = node->parent;
            leave(c, node);
        }
        node = node->next;
    }
    return true;
}

/* A number, and what may follow it. */
static bool number_read(const char **text, double *out) {
    char *end = NULL;
    *out = strtod(*text, &end);
    bool is_read = end != *text && *out > -1e6 && *out < 1e6;
    *text = end + strspn(end, " ,\t\r\n");
    return is_read;
}

static bool box_read(const char *text, double box[4]) {
    for (int i = 0; i < 4; i++) {
        if (!number_read(&text, &box[i])) {
            return false;
        }
    }
    return *text == '\0' && box[2] > 0 && box[3] > 0;
}

/* Pixels only: other units depend on who shows it. */
static bool side_read(const char *text, double *out) {
    return text != NULL && number_read(&text, out) && *out > 0 &&
           (*text == '\0' || strcmp(text, "px") == 0);
}

static bool view_put(struct cleaning *c, const xmlNode *root) {
    CLEANUP(free_text) xmlChar *view = xmlGetNoNsProp(root, (const xmlChar *)"viewBox");
    CLEANUP(free_text) xmlChar *width = xmlGetNoNsProp(root, (const xmlChar *)"width");
    CLEANUP(free_text) xmlChar *height = xmlGetNoNsProp(root, (const xmlChar *)"height");
    double box[4] = {0};
    bool is_known = view != NULL ? box_read((const char *)view, box)
                                 : side_read((const char *)width, &box[2]) &&
                                       side_read((const char *)height, &box[3]);
    if (!is_known) {
        return refuse(c->err, "The drawing does not say how large it is; give it a viewBox (\"fit "
                              "page to drawing\"), or save it as PNG.");
    }
    str_addf(&c->out, " viewBox=\"%.10g %.10g %.10g %.10g\" width=\"%d\" height=\"%d\"", box[0],
             box[1], box[2], box[3], IMAGE_OWN_SIDE, IMAGE_OWN_SIDE);
    return true;
}

/* The whole picture fills the square, whatever the page said of its own size. */
static bool root_put(struct cleaning *c, const xmlNode *root) {
    static const char ours[] = " viewBox width height x y preserveAspectRatio ";
    str_add_c(&c->out, "<svg xmlns=\"" SVG_NAMESPACE "\" xmlns:xlink=\"" XLINK_NAMESPACE "\"");
    if (!view_put(c, root)) {
        return false;
    }
    for (const xmlAttr *at = root->properties; at != NULL; at = at->next) {
        if (!(at->ns == NULL && is_any(xml_sv(at->name), ours)) &&
            !attribute_put(c, SV("svg"), at)) {
            return false;
        }
    }
    str_add_char(&c->out, '>');
    if (!inside_put(c, root)) {
        return false;
    }
    str_add_c(&c->out, "</svg>\n");
    return true;
}

/* What stands outside the root: a style sheet may, and declarations. */
static bool prologue_check(xmlDocPtr doc, struct err *err) {
    if (doc->intSubset != NULL && doc->intSubset->children != NULL) {
        return refuse_holding(err, "entities or other declarations");
    }
    for (const xmlNode *node = doc->children; node != NULL; node = node->next) {
        if (node->type == XML_PI_NODE && sv_eq(xml_sv(node->name), SV("xml-stylesheet"))) {
            return refuse_holding(err, "a style sheet that is not inside it");
        }
    }
    return true;
}

static bool document_put(struct cleaning *c, xmlDocPtr doc) {
    const xmlNode *root = xmlDocGetRootElement(doc);
    if (root == NULL || !is_in(root->ns, SVG_NAMESPACE) || !sv_eq(xml_sv(root->name), SV("svg"))) {
        return refuse(c->err, "The file is no SVG drawing; save it as SVG or PNG.");
    }
    return prologue_check(doc, c->err) && root_put(c, root) &&
           str_ok(&c->out, "The drawing", c->err);
}

bool image_svg_clean(struct arena *a, struct sv bytes, struct sv *out, struct err *err) {
    struct cleaning c = {.arena = a, .err = err};
    const int options =
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT;
    if (bytes.len > IMAGE_SVG_MAX_BYTES) {
        return refuse(err, "The drawing is larger than 512 KB; simplify it, or save it as PNG.");
    }
    if (!sv_is_utf8(bytes)) {
        return refuse(err, "The drawing is not written in UTF-8; save it again as SVG.");
    }
    CLEANUP(free_parser) xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (parser == NULL) {
        abort();
    }
    CLEANUP(free_document)
    xmlDocPtr doc = xmlCtxtReadMemory(parser, bytes.ptr, (int)bytes.len, NULL, NULL, options);
    if (doc == NULL) {
        return refuse(err, "The drawing is damaged (no well-formed XML); save it again as SVG.");
    }
    str_init(&c.out, a, OUT_BYTES_MAX);
    if (!document_put(&c, doc)) {
        return false;
    }
    *out = str_sv(&c.out);
    return true;
}
