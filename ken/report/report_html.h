/* The page under construction: text that is escaped, numbers for people, figures and tables. Not
 * public. In the formats `$` stands for the next argument, a text, which is escaped. */
#ifndef KEN_REPORT_REPORT_HTML_H
#define KEN_REPORT_REPORT_HTML_H

#include "ken/core/json.h"
#include "ken/core/text.h"
#include "ken/report/report.h"

enum { REPORT_NUMBERS = 24, REPORT_NUMBER = 48 };

typedef struct ken__report {
    ken_ctx *ctx;
    const ken_report_input *in;
    const ken_profile *profile; /* of in->table; NULL without a table */
    ken_text *out;
    ken_json_writer *figures; /* takes the figures besides, into an open object; NULL: nobody asks for them */
    int next; /* of numbers */
    char numbers[REPORT_NUMBERS][REPORT_NUMBER];
} ken__report;

/* The template's files, turned into C by the build. */
extern const char ken__report_css[];
extern const char ken__report_js[];

void ken__report_add(ken__report *r, const char *format, ...);
/* Page and figures in one go; either may be NULL. */
ken_status ken__report_render(ken_ctx *ctx, const ken_report_input *input, ken_text *page, ken_json_writer *figures);
/* Escape for HTML text and attributes; control characters become U+FFFD. */
void ken__html_escape(ken_text *out, const char *text, size_t size);
/* JSON that stands in a script element: no '<', '>' or '&' is left in it, nor a line separator. */
void ken__html_json(ken_text *out, const char *json);

/* Numbers as text, lent until REPORT_NUMBERS further ones. 4 significant digits, 12,345; "–" for NaN. */
const char *ken__report_num(ken__report *r, double value);
const char *ken__report_digits(ken__report *r, double value, int digits);
/* Rounded to a thousandth of the power of ten of `scale`: small beside it is 0. */
const char *ken__report_scaled(ken__report *r, double value, double scale);
const char *ken__report_int(ken__report *r, int64_t value);
const char *ken__report_percent(ken__report *r, double share); /* "12.3 %" */
const char *ken__report_seconds(ken__report *r, double s);     /* "1.2 s", "35 ms" */
const char *ken__report_bytes(ken__report *r, double bytes);
/* "0.812 – 0.846" */
const char *ken__report_range(ken__report *r, double low, double high);

/* A figure: its place, its specification, a caption, and (written by the caller between begin and
 * end) a table with its numbers. label: what a screen reader says instead of the picture. */
typedef struct ken__report_figure {
    const char *id;      /* "roc": spec-roc and fig-roc */
    const char *heading; /* escaped; NULL: none */
    const char *label, *caption;
    int height;
    bool card;           /* one of small multiples, can be enlarged */
} ken__report_figure;
void ken__report_figure_begin(ken__report *r, const ken__report_figure *figure);
void ken__report_figure_end(ken__report *r, const ken__report_figure *figure, const ken_text *spec);

/* --- sections: write nothing when they have nothing to say ------------------------------------------- */
ken_status ken__report_opening(ken__report *r);   /* report_opening.c */
ken_status ken__report_data(ken__report *r);      /* report_data.c */
ken_status ken__report_leaders(ken__report *r);   /* report_models.c */
ken_status ken__report_training(ken__report *r);
/* Metrics of early stopping that the model holds by round, 0: none; figures of them (report_history.c). */
int ken__report_metrics_remembered(const ken_model *model);
ken_status ken__report_history(ken__report *r);
ken_status ken__report_quality(ken__report *r);   /* report_quality.c */
ken_status ken__report_importance(ken__report *r); /* report_explain.c */
ken_status ken__report_effects(ken__report *r);
ken_status ken__report_asked(ken__report *r);      /* report_asked.c */
ken_status ken__report_rows(ken__report *r);      /* report_rows.c */
ken_status ken__report_tree(ken__report *r);      /* report_tree.c */
ken_status ken__report_recipe(ken__report *r);    /* report_card.c */
ken_status ken__report_repeat(ken__report *r);
ken_status ken__report_card(ken__report *r);

/* The profile's warnings of at least this severity, as a list. */
void ken__report_warnings(ken__report *r, int least);
const char *ken__report_metric_title(const ken_report_metric *metric);

#endif
