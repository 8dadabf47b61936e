/* What functions that give results as JSON share (train.c, results.c). Not public. */
#ifndef KEN_PYTHON_RESULTS_H
#define KEN_PYTHON_RESULTS_H

#include "door.h"
#include "ken/report/report_training.h"

/* A source out of a dict of texts (data_name, command, made, checksum), whose texts live as long as the dict; with the
 * JavaScript that draws. 0, or -1. */
int door_source_of(PyObject *dict, ken_report_source *out);

/* Member "shown": the metrics that a person looks at, each with its title and which way is better. */
void door_write_shown(const ken_evaluation *e, ken_json_writer *w);

/* A report on its way: three texts and their writers. */
typedef struct door_pages {
    ken_text page, figures, columns;
    ken_json_writer figures_writer, columns_writer;
    ken_report_output out;
} door_pages;
void door_pages_begin(door_pages *pages, door_context *context);
/* (page, figures, columns) where the work went well, else NULL; frees the texts. */
PyObject *door_pages_take(door_pages *pages, door_context *context, bool done);

#endif
