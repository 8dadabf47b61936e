/* What several commands show: metrics, leaderboards, models; as text and as JSON. */
#ifndef KEN_CLI_SHOW_H
#define KEN_CLI_SHOW_H

#include "cli/cli.h"
#include "ken/report/report.h"
#include "ken/select/train/train.h"

/* cmd_train.c: what `train` and `compare` both read from the command line. */
int cli_train_options(cli *c, ken_train_options *o, const char **settings, int capacity);

/* show.c */
void show_metrics(const ken_evaluation *e, const ken_evaluation *baseline); /* baseline NULL: none */
void show_confusion(const ken_model *m, const ken_evaluation *e);
void show_leaderboard(const ken_comparison *cmp);
void show_cv(const ken_cv_result *cv);
void show_json_metrics(ken_json_writer *w, const ken_evaluation *e); /* "metrics" and "intervals" */
void show_json_compare_row(ken_json_writer *w, const ken_compare_row *row);
void show_json_cv(ken_json_writer *w, const ken_cv_result *cv);
/* "rounds" that are kept and "history": what early stopping looked at after each; nothing without that. */
void show_json_history(ken_json_writer *w, const ken_model *m);
void show_json_model(ken_json_writer *w, const ken_model *m); /* "parameters", "features", "classes" */

/* show_report.c */
ken_status show_train_report(cli *c, const ken_table *table, const char *checksum, const ken_model *m,
                             const ken_training *t, const char *path);
ken_status show_describe_report(cli *c, const ken_table *table, const ken_profile *profile, const char *checksum,
                                const char *path);
/* asked NULL: nothing besides. */
ken_status show_explain_report(cli *c, const ken_table *table, const char *checksum, const ken_model *m,
                               const ken_report_asked *asked, const char *path);

#endif
