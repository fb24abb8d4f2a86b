/* "Download everything": awards with the documents that their checks need, as they are now. */
#include "credential_build.h"
#include "image_bake.h"
#include "pack_zip.h"
#include "page_copies.h"
#include <string.h>

/* So much of the answer for pictures that do not pack, at most; the rest is texts. */
#define PICTURES_BYTES_MAX ((size_t)5 << 20)
#define DRAWING (5 * USEC_PER_S) /* so long new pictures are drawn */
#define TEXTS_BYTES_MAX ((size_t)64 << 20)

struct archive {
    struct page *p;
    const struct store_mine *awards;
    size_t award_count;
    struct pack_file *files;
    size_t file_count, file_max;
    json_t *urls; /* address -> file */
    size_t picture_bytes, text_bytes;
    size_t pictures_left_out;
    usec_t until; /* of the monotonic clock: no picture is drawn later */
    bool has_svg, has_png, is_more;
};

static bool add(struct archive *z, struct sv name, struct sv bytes, bool is_packed,
                struct err *err) {
    size_t *sum = is_packed ? &z->picture_bytes : &z->text_bytes;
    if (z->file_count == z->file_max || z->text_bytes + bytes.len > TEXTS_BYTES_MAX) {
        return err_because(err, ERR_INPUT, "size",
                           "your badges are together too large for one file; download them one by "
                           "one, each from its own page");
    }
    *sum += bytes.len;
    z->files[z->file_count++] =
        (struct pack_file){.name = name, .bytes = bytes, .is_packed = is_packed};
    return true;
}

static struct sv folder_of(const struct archive *z, const struct store_mine *own) {
    return sv_printf(z->p->arena, "awards/%.*s_%.*s", SV_ARG(own->badge_key),
                     SV_ARG(own->public_id));
}

static void name_url(struct archive *z, const char *folder, struct sv id, const char *ending,
                     struct sv file) {
    struct sv url = credential_url(z->p->arena, z->p->app->options.base_url, folder, id);
    json_object_set_new(z->urls, arena_printf(z->p->arena, "%.*s%s", SV_ARG(url), ending),
                        json_stringn(file.ptr, file.len));
}

/* A document at the address base/FOLDER/ID and what follows. */
static bool add_document(struct archive *z, const char *folder, struct sv id, const char *ending,
                         json_t *made, struct err *err) {
    AUTO_JSON *document = made;
    struct sv file = sv_printf(z->p->arena, "%s/%.*s%s", folder, SV_ARG(id),
                               ending[0] != '\0' ? ending : ".json");
    name_url(z, folder, id, ending, file);
    return add(z, file, js_dump(z->p->arena, document), false, err);
}

static bool add_issuer(struct archive *z, int64_t issuer_id, struct err *err) {
    struct page *p = z->p;
    struct issue *issue = p->app->issue;
    struct store *store = p->app->options.store;
    int64_t institution_id = p->session.institution_id;
    struct model_issuer issuer;
    struct store_issuer_key *keys = NULL;
    size_t count = 0;
    json_t *made = NULL;
    if (!store_issuer_get(store, institution_id, issuer_id, p->arena, &issuer, err) ||
        !issue_did_document(issue, issuer.public_id, p->arena, &made, err) ||
        !add_document(z, "issuers", issuer.public_id, "/did.json", made, err) ||
        !store_issuer_key_list(store, institution_id, issuer_id, p->arena, &keys, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!issue_key_document(issue, keys[i].public_id, p->arena, &made, err) ||
            !add_document(z, "keys", keys[i].public_id, "", made, err)) {
            return false;
        }
    }
    return true;
}

static bool add_issuers(struct archive *z, struct err *err) {
    for (size_t i = 0; i < z->award_count; i++) {
        bool is_seen = false;
        for (size_t j = 0; j < i && !is_seen; j++) {
            is_seen = z->awards[j].issuer_id == z->awards[i].issuer_id;
        }
        if (!is_seen && !add_issuer(z, z->awards[i].issuer_id, err)) {
            return false;
        }
    }
    return true;
}

/* The status list that a credential names, signed as it is now: the proof that it was not revoked
 * on that day. */
static bool add_status(struct archive *z, struct sv credential, struct err *err) {
    json_t *parsed = NULL;
    struct sv list;
    if (!js_parse(credential, CREDENTIAL_BODY_BYTES_MAX * 2, "a stored credential", &parsed, err)) {
        return false;
    }
    AUTO_JSON *document = parsed;
    struct sv url = js_sv(
        json_object_get(json_object_get(document, "credentialStatus"), "statusListCredential"));
    struct sv id = url;
    while (sv_cut(id, '/', &list, &id)) {
    }
    struct sv body;
    struct sv file = sv_printf(z->p->arena, "status/%.*s.json", SV_ARG(list));
    if (url.len == 0 || json_object_get(z->urls, sv_c(z->p->arena, url)) != NULL) {
        return true;
    }
    name_url(z, "status", list, "", file);
    return issue_status_document(z->p->app->issue, list, STORE_FORM_JSON, z->p->now, z->p->arena,
                                 &body, err) &&
           add(z, file, body, false, err);
}

static bool make(struct archive *z, const struct store_mine *own, const char *form,
                 struct sv *bytes, struct err *err) {
    const struct page_copy copy = {.institution_id = z->p->session.institution_id,
                                   .award_id = own->award_id,
                                   .form = page_copy_form(sv_from(form)),
                                   .is_own = true};
    return page_copy_make(z->p, &copy, bytes, err);
}

/* A picture that cannot be drawn now keeps nobody from the credentials. */
static bool add_pictures(struct archive *z, const struct store_mine *own, struct sv folder,
                         struct err *err) {
    struct err busy = {0};
    struct sv bytes = {0};
    if (z->has_svg &&
        (!make(z, own, "svg", &bytes, err) ||
         !add(z, sv_printf(z->p->arena, "%.*s/badge.svg", SV_ARG(folder)), bytes, false, err))) {
        return false;
    }
    if (!z->has_png || z->picture_bytes > PICTURES_BYTES_MAX || clock_monotonic() > z->until ||
        !make(z, own, "png", &bytes, &busy)) {
        z->pictures_left_out++;
        return true;
    }
    return add(z, sv_printf(z->p->arena, "%.*s/badge.png", SV_ARG(folder)), bytes, true, err);
}

static bool add_award(struct archive *z, const struct store_mine *own, struct err *err) {
    struct sv json;
    struct sv token;
    struct sv folder = folder_of(z, own);
    struct sv file = sv_printf(z->p->arena, "%.*s/credential.json", SV_ARG(folder));
    if (!make(z, own, "json", &json, err) || !make(z, own, "jwt", &token, err)) {
        return false;
    }
    name_url(z, "awards", own->public_id, "", file);
    return add(z, file, json, false, err) &&
           add(z, sv_printf(z->p->arena, "%.*s/credential.jwt", SV_ARG(folder)), token, false,
               err) &&
           add_status(z, json, err) && add_pictures(z, own, folder, err);
}

static const char README_HEAD[] =
    "YOUR BADGES\n"
    "===========\n"
    "\n"
    "Each folder in \"awards\" is one badge:\n"
    "\n"
    "  credential.json   the badge itself, signed by its issuer (Open Badges 3.0)\n"
    "  credential.jwt    the same as a signed token\n"
    "  badge.png         a picture that has the signed badge inside\n"
    "  badge.svg         the same as a drawing\n"
    "\n"
    "These files are yours. Keep them, send them, load them up wherever badges are\n"
    "collected. They say what you chose to show when you downloaded them.\n"
    "\n"
    "HOW THEY ARE CHECKED\n"
    "\n"
    "With the internet: open "
    "%.*s/verify"
    " and choose one of the files.\n"
    "\n"
    "Without it: this archive also holds what a check looks up elsewhere:\n"
    "\n"
    "  issuers/ID/did.json   who the issuer is, and its public keys\n"
    "  keys/ID.json          the same keys, one by one, for the tokens\n"
    "  status/ID.json        signed lists: which badges were revoked on the day of\n"
    "                        this download\n"
    "  urls.json             which file stands for which address\n"
    "\n"
    "The program Laurel does it with this command:\n"
    "\n"
    "  laurel verify credential.json --from ";

static const char README_TAIL[] =
    "Any program that knows Open Badges 3.0 can do it by hand: check the proof\n"
    "(eddsa-rdfc-2022) with the key that did.json lists, or the token's signature\n"
    "with the key in \"keys\"; then look at the badge's bit in the status list.\n"
    "\n"
    "An archive is only as trustworthy as its keys: whoever made it could have put\n"
    "their own in. Who checks it compares did.json with the one that the issuer\n"
    "publishes at the address in urls.json, now or at any earlier time. What was\n"
    "revoked after this day shows only at the address of the status list.\n";

static bool add_words(struct archive *z, struct sv zip_name, struct err *err) {
    char made[RFC3339_MAX];
    struct str text;
    str_init(&text, z->p->arena, (size_t)64 << 10);
    str_addf(&text, README_HEAD, SV_ARG(z->p->app->options.base_url));
    str_addf(&text, "%.*s\n\n", SV_ARG(zip_name));
    str_add_c(&text, README_TAIL);
    str_addf(&text, "\nThe lists in \"status\" are as they were at %s.\n",
             rfc3339_format(z->p->now, made));
    if (z->pictures_left_out > 0) {
        str_addf(&text,
                 "\nLeft out, since the file would have become too large or the pictures could\n"
                 "not be drawn at that moment: %zu PNG pictures%s. Each badge's own page has "
                 "them.\n",
                 z->pictures_left_out, z->has_svg ? "" : " and all drawings");
    }
    if (z->is_more) {
        str_addf(&text,
                 "\nYou have more badges: these are the latest %d. Each other one's own page has "
                 "its files.\n",
                 STORE_MINE_MAX);
    }
    struct sv urls = js_dump(z->p->arena, z->urls);
    return str_ok(&text, "README.txt", err) &&
           add(z, SV("README.txt"), str_sv(&text), false, err) &&
           add(z, SV("urls.json"), urls, false, err);
}

static bool fill(struct archive *z, struct sv zip_name, struct sv *zip, struct err *err) {
    z->urls = json_object();
    UNUSED AUTO_JSON *urls = z->urls; /* for its end */
    z->file_max = PACK_FILES_MAX;
    z->files = ARENA_ARRAY(z->p->arena, struct pack_file, z->file_max);
    for (size_t i = 0; i < z->award_count; i++) {
        if (!add_award(z, &z->awards[i], err)) {
            return false;
        }
    }
    return add_issuers(z, err) && add_words(z, zip_name, err) &&
           pack_zip_write(z->p->arena, z->files, z->file_count, WEB_RESPONSE_MAX_BYTES, zip, err);
}

bool page_archive(struct page *p, struct sv badge_id, struct sv *zip, struct err *err) {
    static const struct {
        bool has_svg, has_png;
    } tries[] = {{true, true}, {true, false}, {false, false}};
    struct store_mine *awards = NULL;
    size_t count = 0;
    bool is_more = false;
    if (!store_mine_list(p->app->options.store, p->session.institution_id, p->session.person_id,
                         badge_id, p->arena, &awards, &count, &is_more, err)) {
        return false;
    }
    if (count == 0) {
        return err_because(err, ERR_NOT_FOUND, "award",
                           "you have no badge yet, or it is being signed right now: then try again "
                           "in a minute");
    }
    struct err why = {0};
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct archive z = {.p = p,
                            .awards = awards,
                            .award_count = count,
                            .is_more = is_more,
                            .until = clock_monotonic() + DRAWING,
                            .has_svg = tries[i].has_svg,
                            .has_png = tries[i].has_png};
        why = (struct err){0};
        if (fill(&z, badge_id.len == 0 ? SV("laurel-badges.zip") : SV("the file you downloaded"),
                 zip, &why)) {
            return true;
        }
        if (strcmp(why.reason, "size") != 0) {
            break;
        }
    }
    *err = why;
    return false;
}
