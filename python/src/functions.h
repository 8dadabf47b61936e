/* Functions of the module, each in a file of its own; a further one is a prototype and a row. */
#ifndef KEN_PYTHON_FUNCTIONS_H
#define KEN_PYTHON_FUNCTIONS_H

#include "door.h"

PyObject *door_train(PyObject *module, PyObject *args, PyObject *kwargs);        /* train.c */
PyObject *door_train_report(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *door_evaluate(PyObject *module, PyObject *args, PyObject *kwargs);     /* results.c */
PyObject *door_explain(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *door_account(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *door_describe(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *door_contributions(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *door_interactions(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *door_figure_look(PyObject *module, PyObject *unused);
PyObject *door_figure_scripts(PyObject *module, PyObject *unused);
PyObject *door_model_facts(PyObject *module, PyObject *model);
PyObject *door_shape(PyObject *module, PyObject *args, PyObject *kwargs);        /* shapes.c */
PyObject *door_read_csv(PyObject *module, PyObject *args, PyObject *kwargs);     /* read_csv.c */
PyObject *door_things(PyObject *module, PyObject *unused); /* model_look.c */
PyObject *door_metric(PyObject *module, PyObject *args, PyObject *kwargs); /* metric.c */
PyObject *door_split(PyObject *module, PyObject *args, PyObject *kwargs);  /* split.c, with the following */
PyObject *door_splits(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *door_dataset(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *door_stack(PyObject *module, PyObject *args, PyObject *kwargs);

/* Methods of Table that stand in files of their own (columns.c, arrow_in.c, arrow_out.c). */
PyObject *door_table_from_columns(PyObject *type, PyObject *args, PyObject *kwargs); /* columns.c */
PyObject *door_table_from_arrow(PyObject *type, PyObject *obj);                      /* arrow_in.c */
PyObject *door_table_arrow_stream(PyObject *obj, PyObject *args, PyObject *kwargs);  /* arrow_out.c */
PyObject *door_table_arrow_array(PyObject *obj, PyObject *args, PyObject *kwargs);
PyObject *door_table_arrow_schema(PyObject *obj, PyObject *unused);
PyObject *door_table_categorized(PyObject *obj, PyObject *args);                     /* table_looks.c */
PyObject *door_table_head(PyObject *obj, PyObject *args);
PyObject *door_table_cells(PyObject *obj, PyObject *arg);
PyObject *door_table_to_pandas(PyObject *self, PyObject *unused);
PyObject *door_table_to_polars(PyObject *self, PyObject *unused);
PyObject *door_table_to_arrow(PyObject *self, PyObject *unused);
PyObject *door_table_html(PyObject *self, PyObject *unused);
PyObject *door_table_reduce(PyObject *self, PyObject *unused);
PyObject *door_table_str(PyObject *self);
PyObject *door_table_item(PyObject *self, PyObject *key);
#define DOOR_TABLE_METHODS                                                                                              \
    {"from_columns", (PyCFunction)(void (*)(void))door_table_from_columns, METH_VARARGS | METH_KEYWORDS | METH_CLASS,   \
     "from_columns(columns, n_rows=None): a list of (name, values) or (name, values, mask); values is an array, a list,\n" \
     "a Table of one column or, for a category, (codes, levels); where mask is true, the cell is missing."},             \
    {"from_arrow", (PyCFunction)(void (*)(void))door_table_from_arrow, METH_O | METH_CLASS,                             \
     "from_arrow(obj): what has __arrow_c_stream__ or __arrow_c_array__; columns in one piece are borrowed."},          \
    {"__arrow_c_stream__", (PyCFunction)(void (*)(void))door_table_arrow_stream, METH_VARARGS | METH_KEYWORDS,          \
     "The table as a stream of one batch, lent."},                                                                      \
    {"__arrow_c_array__", (PyCFunction)(void (*)(void))door_table_arrow_array, METH_VARARGS | METH_KEYWORDS,            \
     "The table as one batch, lent."},                                                                                  \
    {"__arrow_c_schema__", (PyCFunction)(void (*)(void))door_table_arrow_schema, METH_NOARGS,                           \
     "Names and types of the columns."},                                                                                \
    {"categorized", door_table_categorized, METH_VARARGS,                                                               \
     "categorized(most=0): columns of few (or of at most so many) different texts as categories."},                        \
    {"head", door_table_head, METH_VARARGS, "head(n=5): the first rows, not copied."},                                  \
    {"_cells", door_table_cells, METH_O,                                                                                \
     "Column j as (array, mask or None), (codes, levels) or a list of texts: copies."},                                 \
    {"to_pandas", door_table_to_pandas, METH_NOARGS, "A pandas DataFrame; pyarrow is not needed."},                     \
    {"to_polars", door_table_to_polars, METH_NOARGS, "A polars DataFrame; dense columns are not copied."},              \
    {"to_arrow", door_table_to_arrow, METH_NOARGS, "A pyarrow Table; dense columns are not copied."},                   \
    {"_repr_html_", door_table_html, METH_NOARGS, "The first rows, for notebooks."},                                    \
    {"__reduce__", door_table_reduce, METH_NOARGS, "For pickle."},

#define DOOR_ROW(name, function, doc) {name, (PyCFunction)(void (*)(void))function, METH_VARARGS | METH_KEYWORDS, doc},
#define DOOR_FUNCTIONS \
    DOOR_ROW("train", door_train,                                                                                         \
             "train(table, *, target, model, settings, test, folds, metric, intervals, task, weight, group, time, offset, " \
             "event, upper, validation, seed, threads, progress, budget, start, refit, decay): (Model, training, results as JSON)") \
    DOOR_ROW("train_report", door_train_report,                                                                           \
             "train_report(training, *, source, seed, threads, progress): (page, figures, columns); the latter as JSON.")  \
    DOOR_ROW("evaluate", door_evaluate,                                                                                   \
             "evaluate(model, table, *, weight, group, event, upper, level, threads): results as JSON.")                   \
    DOOR_ROW("explain", door_explain,                                                                                     \
             "explain(model, table, *, source, seed, threads, progress): as train_report.")                                \
    DOOR_ROW("account", door_account,                                                                                     \
             "account(model, table, row, *, background, seed, threads, progress): one prediction taken apart, as JSON.")   \
    DOOR_ROW("describe", door_describe,                                                                                   \
             "describe(table, *, target, source, threads): (profile as JSON, page, figures).")                             \
    DOOR_ROW("contributions", door_contributions,                                                                         \
             "contributions(model, table, *, threads, progress): (values (n, outputs, columns + 1), base (n, outputs), unit)") \
    DOOR_ROW("interactions", door_interactions,                                                                           \
             "interactions(model, table, row=-1, *, threads, progress): (values, sizes (outputs, columns + 1, columns + 1), unit)") \
    DOOR_ROW("shape", door_shape,                                                                                         \
             "shape(model, table, columns, *, ale, grid, method, seed, threads, progress): an effect as JSON, with figures.") \
    {"figure_look", door_figure_look, METH_NOARGS, "Vega-Lite's config for figures that stand alone, as JSON."},           \
    {"figure_scripts", door_figure_scripts, METH_NOARGS, "vega, vega-lite and vega-embed as bytes; () without them."},      \
    {"model_facts", door_model_facts, METH_O, "What a model is: name, task, target, parameters, features; as JSON."},      \
    DOOR_ROW("read_csv", door_read_csv,                                                                                   \
             "read_csv(path, *, delimiter, missing, types, header, skip_bad_rows, threads, progress): Table")              \
    {"things", door_things, METH_NOARGS, "The catalog as JSON: what `ken models --json` prints."},                          \
    DOOR_ROW("metric", door_metric,                                                                                     \
             "metric(name, settings, *, truth, predicted, proba, weight, upper, group, classes, positive, level, seed,\n"    \
             "threads): dense arrays, classes as codes of i4; a float, or with a level (value, low, high, method).")        \
    DOOR_ROW("splits", door_splits, "splits(name, settings): how many splits there are.")                               \
    DOOR_ROW("split", door_split, "split(name, settings, n_rows, i, *, target, group, time, seed): (train, test) rows.")  \
    DOOR_ROW("dataset", door_dataset, "dataset(name, seed=0): a built-in Table; 'gen:moons:rows=500' has settings.")        \
    DOOR_ROW("stack", door_stack, "stack(top, bottom): a Table, bottom's rows under top's, columns by name.")

#endif
