/* What several commands show: metrics and leaderboards as text, pages. */
#ifndef KEN_CLI_SHOW_H
#define KEN_CLI_SHOW_H

#include "cli/cli.h"
#include "ken/report/report_json.h"
#include "ken/report/report_training.h"
#include "ken/select/train/train.h"

/* cmd_train.c: what `train` and `compare` both read from the command line. */
int cli_train_options(cli *c, ken_train_options *o, const char **settings, int capacity);

/* show.c */
void show_metrics(const ken_evaluation *e, const ken_evaluation *baseline); /* baseline NULL: none */
void show_confusion(const ken_model *m, const ken_evaluation *e);
void show_leaderboard(const ken_comparison *cmp);
void show_cv(const ken_cv_result *cv);

/* show_report.c */
ken_status show_train_report(cli *c, const ken_table *table, const char *checksum, const ken_model *m,
                             const ken_training *t, const char *path);
ken_status show_describe_report(cli *c, const ken_table *table, const ken_profile *profile, const char *checksum,
                                const char *path);
/* asked NULL: nothing besides. */
ken_status show_explain_report(cli *c, const ken_table *table, const char *checksum, const ken_model *m,
                               const ken_report_asked *asked, const char *path);

#endif
