/* The page: head, contents, sections in order, scripts. What a section says stands in its own file. */
#include "ken/report/report.h"

#include <string.h>

#include "ken/core/json.h"
#include "ken/core/sha256.h"
#include "ken/io/file.h"
#include "ken/report/report_html.h"

typedef struct report_section {
    const char *id, *title;
    ken_status (*write)(ken__report *r); /* adds nothing when it has nothing to say */
} report_section;

static const report_section report_sections[] = {
    {"data", "Data", ken__report_data},
    {"models", "Models compared", ken__report_leaders},
    {"quality", "How good it is", ken__report_quality},
    {"importance", "What it looks at", ken__report_importance},
    {"asked", "What was asked", ken__report_asked},
    {"effects", "How columns act", ken__report_effects},
    {"rows", "Single predictions", ken__report_rows},
    {"tree", "The tree", ken__report_tree},
    {"training", "Training", ken__report_training},
    {"recipe", "Preparation", ken__report_recipe},
    {"repeat", "Do it again", ken__report_repeat},
    {"card", "Model card", ken__report_card},
};

/* --- scripts and the policy that allows just these -------------------------------------------------- */

static void report_base64(const uint8_t *bytes, size_t size, char *out) {
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const uint32_t v = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                           (left > 2 ? bytes[i + 2] : 0);
        *out++ = digit[v >> 18];
        *out++ = digit[v >> 12 & 63];
        *out++ = left > 1 ? digit[v >> 6 & 63] : '=';
        *out++ = left > 2 ? digit[v & 63] : '=';
    }
    *out = 0;
}

/* A script as it stands in the page: "</script" and "<!--" must not occur in it, and inside the
 * strings and expressions of JavaScript "<\/script" and "<\!--" mean the same. */
static void report_script_text(ken_text *out, const char *js, size_t size) {
    size_t from = 0;
    for (size_t i = 0; i + 8 < size; i++) {
        if (js[i] != '<') continue;
        const bool closes = js[i + 1] == '/' && (js[i + 2] | 32) == 's' && (js[i + 3] | 32) == 'c';
        const bool comment = js[i + 1] == '!' && js[i + 2] == '-' && js[i + 3] == '-';
        if (!closes && !comment) continue;
        ken_text_add_bytes(out, js + from, i + 1 - from);
        ken_text_add_char(out, '\\');
        from = i + 1;
    }
    ken_text_add_bytes(out, js + from, size - from);
}

typedef struct report_scripts {
    ken_text text[4];
    char hash[4][48]; /* base64 of SHA-256 */
    int n;
} report_scripts;

static void report_scripts_add(report_scripts *s, ken_ctx *ctx, const char *js, size_t size) {
    ken_sha256 sha;
    uint8_t digest[32];
    ken_text *text = &s->text[s->n];
    *text = ken_text_new(ctx);
    report_script_text(text, js, size);
    ken_sha256_begin(&sha);
    ken_sha256_add(&sha, text->data ? text->data : "", text->size);
    ken_sha256_end(&sha, digest);
    report_base64(digest, sizeof digest, s->hash[s->n++]);
}

static void report_scripts_make(report_scripts *s, ken_ctx *ctx, const ken_report_input *in) {
    if (in->vega_js && in->vega_lite_js && in->vega_embed_js) {
        report_scripts_add(s, ctx, in->vega_js, in->vega_size);
        report_scripts_add(s, ctx, in->vega_lite_js, in->vega_lite_size);
        report_scripts_add(s, ctx, in->vega_embed_js, in->vega_embed_size);
    }
    report_scripts_add(s, ctx, ken__report_js, strlen(ken__report_js));
}

static void report_scripts_write(report_scripts *s, ken__report *r) {
    for (int i = 0; i < s->n; i++) {
        ken_text_add(r->out, "<script>");
        ken_text_add_bytes(r->out, s->text[i].data ? s->text[i].data : "", s->text[i].size);
        ken_text_add(r->out, "</script>\n");
        if (s->text[i].status != KEN_OK) r->out->status = s->text[i].status;
    }
}

/* --- the page ------------------------------------------------------------------------------------- */

static void report_head(ken__report *r, const report_scripts *s, const char *title) {
    ken__report_add(r, "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
                       "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
                       "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
                       "style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
                       "base-uri 'none'; script-src 'unsafe-eval'");
    for (int i = 0; i < s->n; i++) ken__report_add(r, " 'sha256-$'", s->hash[i]);
    ken__report_add(r, "\">\n<meta name='generator' content='ken'>\n<title>$</title>\n<style>\n", title);
    ken_text_add(r->out, ken__report_css);
    ken__report_add(r, "</style>\n</head>\n<body class='plain'>\n"
                       "<a class='skip' href='#main'>To the text</a>\n<div class='page'>\n");
}

static void report_contents(ken__report *r, const bool *present) {
    ken__report_add(r, "<nav class='toc' aria-label='Contents'>\n<ol>\n");
    for (int i = 0; i < KEN_COUNT(report_sections); i++)
        if (present[i])
            ken__report_add(r, "<li><a href='#$'>$</a></li>\n", report_sections[i].id,
                            report_sections[i].title);
    ken__report_add(r, "</ol>\n<button class='theme' type='button' hidden>Dark</button>\n</nav>\n");
}

/* All sections into `body`, each with its heading if it said anything. */
static ken_status report_body(ken__report *r, bool *present) {
    for (int i = 0; i < KEN_COUNT(report_sections); i++) {
        ken_text *body = r->out, text = ken_text_new(r->ctx);
        r->out = &text;
        ken_status status = report_sections[i].write(r);
        r->out = body;
        if (status == KEN_OK) status = text.status;
        present[i] = text.size > 0;
        if (present[i]) {
            ken__report_add(r, "<section id='$' aria-labelledby='h-$'>\n<h2 id='h-$'>$</h2>\n",
                            report_sections[i].id, report_sections[i].id, report_sections[i].id,
                            report_sections[i].title);
            ken_text_add_bytes(r->out, text.data, text.size);
            ken__report_add(r, "</section>\n");
        }
        ken_text_free(&text);
        KEN_TRY(status);
    }
    return KEN_OK;
}

static void report_title(const ken_report_input *in, ken_text *out) {
    if (in->title)
        ken_text_add(out, in->title);
    else if (in->model && ken_model_target(in->model)) {
        ken_text_add(out, "Predicting ");
        ken_text_add(out, ken_model_target(in->model));
    } else {
        ken_text_add(out, "What is in ");
        ken_text_add(out, in->data_name ? in->data_name : "the table");
    }
}

static ken_status report_page(ken__report *r, report_scripts *scripts, ken_text *body) {
    bool present[KEN_COUNT(report_sections)] = {false};
    ken_text *out = r->out, title = ken_text_new(r->ctx);
    const char *text = NULL;
    r->out = body;
    ken_status status = ken__report_opening(r);
    if (status == KEN_OK) status = report_body(r, present);
    r->out = out;
    report_title(r->in, &title);
    if (status == KEN_OK) status = ken_text_end(&title, &text);
    if (status == KEN_OK) {
        report_head(r, scripts, text);
        report_contents(r, present);
        ken__report_add(r, "<main id='main'>\n");
        ken_text_add_bytes(r->out, body->data ? body->data : "", body->size);
        ken__report_add(r, "<footer><p>Written by ken. The page holds all it shows and asks no "
                           "server for anything.</p></footer>\n</main>\n</div>\n");
        report_scripts_write(scripts, r);
        ken__report_add(r, "</body>\n</html>\n");
        if (status == KEN_OK) status = body->status;
    }
    ken_text_free(&title);
    return status;
}

/* The profile that the caller gave, or one made for this report. */
static ken_status report_profile(ken__report *r, ken_profile **owned) {
    const ken_report_input *in = r->in;
    const char *target = in->model ? ken_model_target(in->model) : NULL;
    r->profile = in->profile;
    if (r->profile || !in->table) return KEN_OK;
    KEN_TRY(ken_describe(r->ctx, in->table, target ? ken_table_find(in->table, target) : -1, owned));
    r->profile = *owned;
    return KEN_OK;
}

static ken_status report_sections_render(ken__report *r) {
    report_scripts scripts = {.n = 0};
    ken_text body = ken_text_new(r->ctx);
    ken_profile *profile = NULL;
    const char *text = NULL;
    report_scripts_make(&scripts, r->ctx, r->in);
    ken_status status = report_profile(r, &profile);
    if (status == KEN_OK) status = report_page(r, &scripts, &body);
    if (status == KEN_OK) status = ken_text_end(r->out, &text);
    for (int i = 0; i < scripts.n; i++) ken_text_free(&scripts.text[i]);
    ken_text_free(&body);
    ken_profile_free(profile);
    return status;
}

ken_status ken__report_render(ken_ctx *ctx, const ken_report_input *input, ken_text *page, ken_json_writer *figures) {
    ken__report *r = NULL;
    ken_text unread = ken_text_new(ctx); /* figures are made as their sections are written */
    if (!input->model && !input->table)
        return KEN_FAIL(ctx, KEN_E_ARG, "give a fitted model, or a table to describe",
                        "report: there is neither a model nor a table");
    KEN_TRY(KEN_ALLOC(ctx, ken__report, 1, &r));
    r->ctx = ctx;
    r->in = input;
    r->out = page ? page : &unread;
    r->figures = figures;
    if (figures) ken_json_object(figures);
    ken_status status = report_sections_render(r);
    if (figures) ken_json_end_object(figures);
    if (figures && status == KEN_OK) status = figures->out->status;
    ken_text_free(&unread);
    ken_free(ctx, r);
    return status;
}

ken_status ken_report_render(ken_ctx *ctx, const ken_report_input *input, ken_text *out) {
    return ken__report_render(ctx, input, out, NULL);
}

ken_status ken_report_figures(ken_ctx *ctx, const ken_report_input *input, ken_json_writer *w) {
    return ken__report_render(ctx, input, NULL, w);
}

ken_status ken_report_write(ken_ctx *ctx, const ken_report_input *input, const char *path) {
    ken_text out = ken_text_new(ctx);
    ken_status status = ken_report_render(ctx, input, &out);
    if (status == KEN_OK) status = ken_file_write_whole(ctx, path, out.data, out.size);
    ken_text_free(&out);
    return status;
}
