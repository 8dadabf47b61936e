#include "ken/report/report_html.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One character beyond ASCII at i; bad bytes and the controls that turn the direction of text become
 * U+FFFD. Returns the place of its last byte. */
static size_t html_wide(ken_text *out, const char *text, size_t size, size_t i) {
    size_t next = i;
    const uint32_t code = ken_utf8_next(text, size, &next);
    const bool turns = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    if (code == 0xFFFD || turns)
        ken_text_add(out, "\xEF\xBF\xBD");
    else
        ken_text_add_bytes(out, text + i, next - i);
    return next > i ? next - 1 : i;
}

void ken__html_escape(ken_text *out, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        switch (c) {
        case '&': ken_text_add(out, "&amp;"); break;
        case '<': ken_text_add(out, "&lt;"); break;
        case '>': ken_text_add(out, "&gt;"); break;
        case '"': ken_text_add(out, "&quot;"); break;
        case '\'': ken_text_add(out, "&#39;"); break;
        default:
            if ((c < 32 && c != '\n' && c != '\t') || c == 127)
                ken_text_add(out, "\xEF\xBF\xBD");
            else if (c >= 128)
                i = html_wide(out, text, size, i);
            else
                ken_text_add_char(out, (char)c);
        }
    }
}

void ken__html_json(ken_text *out, const char *json) {
    for (const char *p = json; *p; p++) {
        if (*p == '<')
            ken_text_add(out, "\\u003c");
        else if (*p == '>')
            ken_text_add(out, "\\u003e");
        else if (*p == '&')
            ken_text_add(out, "\\u0026");
        else
            ken_text_add_char(out, *p);
    }
}

void ken__report_add(ken__report *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    for (const char *p = format; *p;) {
        const char *stop = strchr(p, '$');
        if (!stop) {
            ken_text_add(r->out, p);
            break;
        }
        ken_text_add_bytes(r->out, p, (size_t)(stop - p));
        const char *text = va_arg(args, const char *);
        if (text) ken__html_escape(r->out, text, strlen(text));
        p = stop + 1;
    }
    va_end(args);
}

/* --- numbers ------------------------------------------------------------------------------------- */

static char *report_number(ken__report *r) {
    r->next = (r->next + 1) % REPORT_NUMBERS;
    return r->numbers[r->next];
}

/* Commas between groups of three of a whole part of at least `least` digits; a true minus sign. */
static const char *report_group(ken__report *r, const char *plain, size_t least) {
    char *out = report_number(r);
    const char *p = plain;
    size_t n = 0;
    if (*p == '-') {
        memcpy(out, "\xE2\x88\x92", 3);
        n = 3;
        p++;
    }
    size_t whole = strspn(p, "0123456789");
    const bool group = whole >= least && !strchr(p, 'e');
    for (size_t i = 0; p[i] && n + 2 < REPORT_NUMBER; i++) {
        if (group && i && i < whole && (whole - i) % 3 == 0) out[n++] = ',';
        out[n++] = p[i];
    }
    out[n] = 0;
    return out;
}

const char *ken__report_digits(ken__report *r, double value, int digits) {
    char plain[64];
    if (isnan(value)) return "\xE2\x80\x93";
    if (isinf(value)) return value > 0 ? "\xE2\x88\x9E" : "\xE2\x88\x92\xE2\x88\x9E";
    double size = fabs(value);
    if (size < 1e-12) return "0";
    for (int whole = 1; size >= 10 && whole < 15; whole++, size /= 10)
        if (whole + 1 > digits) digits = whole + 1;
    ken_format_f64_digits(value, digits, plain);
    return report_group(r, plain, 5);
}

const char *ken__report_num(ken__report *r, double value) {
    return ken__report_digits(r, value, 4);
}

const char *ken__report_scaled(ken__report *r, double value, double scale) {
    double step = 1;
    if (!isfinite(value) || !(scale > 0) || !isfinite(scale)) return ken__report_num(r, value);
    while (step * 1000 < scale) step *= 10;
    while (step * 100 > scale && step > 1e-12) step /= 10;
    const double rounded = floor(fabs(value) / step + 0.5) * step;
    return ken__report_digits(r, value < 0 ? 0 - rounded : rounded, 4);
}

const char *ken__report_int(ken__report *r, int64_t value) {
    char plain[32];
    ken_format_i64(value, plain);
    return report_group(r, plain, 4);
}

/* |value| with `places` decimals and a unit after a hard space; no locale is asked. */
static const char *report_fixed(ken__report *r, double value, int places, const char *unit) {
    static const int64_t power[] = {1, 10, 100, 1000};
    char *out = report_number(r);
    const int64_t scaled = (int64_t)(fabs(value) * (double)power[places] + 0.5);
    const char *sign = value < 0 && scaled ? "\xE2\x88\x92" : "";
    if (places)
        snprintf(out, REPORT_NUMBER, "%s%lld.%0*lld%s", sign, (long long)(scaled / power[places]),
                 places, (long long)(scaled % power[places]), unit);
    else
        snprintf(out, REPORT_NUMBER, "%s%lld%s", sign, (long long)scaled, unit);
    return out;
}

const char *ken__report_percent(ken__report *r, double share) {
    const double p = 100 * share;
    if (fabs(p) < 0.005) return "0\xC2\xA0%";
    if (!isfinite(share) || fabs(p) > 1e9) return "\xE2\x80\x93";
    return report_fixed(r, p, fabs(p) >= 99.95 || p == 0 ? 0 : fabs(p) < 1 ? 2 : 1, "\xC2\xA0%");
}

const char *ken__report_seconds(ken__report *r, double s) {
    if (!isfinite(s) || s < 0 || s > 1e9) return "\xE2\x80\x93";
    if (s < 1) return report_fixed(r, 1000 * s, s < 0.01 ? 1 : 0, "\xC2\xA0ms");
    if (s < 120) return report_fixed(r, s, s < 10 ? 1 : 0, "\xC2\xA0s");
    return report_fixed(r, s / 60, 0, "\xC2\xA0min");
}

const char *ken__report_bytes(ken__report *r, double bytes) {
    if (!isfinite(bytes) || bytes < 0 || bytes > 1e15) return "\xE2\x80\x93";
    if (bytes < 1024) return report_fixed(r, bytes, 0, "\xC2\xA0" "B");
    if (bytes < 1024 * 1024) return report_fixed(r, bytes / 1024, 1, "\xC2\xA0kiB");
    return report_fixed(r, bytes / (1024 * 1024), 1, "\xC2\xA0MiB");
}

const char *ken__report_range(ken__report *r, double low, double high) {
    const char *a = ken__report_digits(r, low, 3), *b = ken__report_digits(r, high, 3);
    char *out = report_number(r);
    snprintf(out, REPORT_NUMBER, "%.20s to %.20s", a, b);
    return out;
}

/* --- figures ------------------------------------------------------------------------------------- */

void ken__report_figure_begin(ken__report *r, const ken__report_figure *f) {
    ken__report_add(r, "<figure id='fig-$'>\n", f->id);
    if (f->heading) ken__report_add(r, "<h3>$</h3>\n", f->heading);
    if (f->card)
        ken__report_add(r,
                        "<button class='enlarge' type='button' aria-expanded='false' "
                        "aria-label='Enlarge the figure of $'>⤢</button>\n",
                        f->heading);
    char height[16];
    snprintf(height, sizeof height, "%d", f->height);
    ken__report_add(r,
                    "<div class='plot' data-spec='spec-$' role='img' aria-label='$' "
                    "style='--h:$px'></div>\n",
                    f->id, f->label, height);
    if (f->caption) ken__report_add(r, "<figcaption>$</figcaption>\n", f->caption);
    ken__report_add(r, "<details class='numbers' open><summary>Numbers</summary>"
                       "<div class='scroll'>\n");
}

static void report_figure_json(ken_json_writer *w, const ken__report_figure *f, const char *spec) {
    ken_json_put_key(w, f->id);
    ken_json_object(w);
    KEN_JSON(w, "title", string, f->heading ? f->heading : f->label);
    KEN_JSON(w, "label", string, f->label);
    if (f->caption) KEN_JSON(w, "caption", string, f->caption);
    KEN_JSON(w, "height", i64, f->height);
    KEN_JSON(w, "spec", raw, spec);
    ken_json_end_object(w);
}

void ken__report_figure_end(ken__report *r, const ken__report_figure *f, const ken_text *spec) {
    ken__report_add(r, "</div></details>\n");
    if (r->figures && spec->data) report_figure_json(r->figures, f, spec->data);
    if (r->in->vega_js && spec->data) {
        ken__report_add(r, "<script type='application/json' id='spec-$'>", f->id);
        ken__html_json(r->out, spec->data);
        ken__report_add(r, "</script>\n");
    }
    if (spec->status != KEN_OK && r->out->status == KEN_OK) r->out->status = spec->status;
    ken__report_add(r, "</figure>\n");
}
