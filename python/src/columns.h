/* How a one-dimensional thing of Python becomes a column; shared by columns.c and column_*.c.
 * All: 0, or -1 with an exception that names the column and, where one is to blame, the row. GIL held. */
#ifndef KEN_PYTHON_COLUMNS_H
#define KEN_PYTHON_COLUMNS_H

#include "door.h"

/* --- columns.c: what the others are made of --------------------------------------------------------------------- */
/* The view as a column, whatever its kind. It must have one dimension (or a second one of 1) and the table's rows. */
int door_column_add_view(door_context *context, door_table *table, const char *name, const door_view *view);
/* n cells of `size` bytes to be filled, and a bitmap with all bits set: for door_column_adopt, or to be ken_free'd. */
int door_column_buffers(door_context *context, int64_t n, size_t size, void **data, uint8_t **valid);
/* Takes the buffers over, on failure, too. A bitmap that has all bits set is dropped. */
int door_column_adopt(door_context *context, door_table *table, const ken_column *column);

/* --- column_objects.c: cells that are Python objects (kind 'O') ---------------------------------------------------- */
/* Numbers if all are numbers (whole ones stay whole), texts if all are texts, times if all are dates; None, NaN, pd.NA
 * and pd.NaT are missing. */
int door_column_add_objects(door_context *context, door_table *table, const char *name, const door_view *view);
/* The same of a list or a tuple. */
int door_column_add_sequence(door_context *context, door_table *table, const char *name, PyObject *sequence);

/* --- column_texts.c: texts of fixed width, kinds 'U' and 'S' ---------------------------------------------------------- */
int door_column_add_texts(door_context *context, door_table *table, const char *name, const door_view *view);

/* --- column_times.c: dates (kind 'M'), and durations in seconds (kind 'm') ---------------------------------------------- */
int door_column_add_times(door_context *context, door_table *table, const char *name, const door_view *view);

#endif
