/* The Python door: one extension, `ken._ken`, over the generic verbs (ken/core/model.h). It is written against the
 * limited API of Python 3.9, so that one binary serves all later versions; there is no NumPy at compile time: arrays
 * come in by their own protocols (array.c, arrow_in.c) and go out through numpy.empty.
 *
 * Rules. State lives in the module, none is static: several interpreters may load it. Work is done without the GIL
 * (run.c). What a worker reads lies on the heap, since the thread that waits for it may be taken away at the
 * interpreter's end. Functions that give a PyObject * or an int give NULL or -1 with an exception set. */
#ifndef KEN_PYTHON_DOOR_H
#define KEN_PYTHON_DOOR_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ken/core/alloc.h"
#include "ken/core/model.h"
#include "ken/core/text.h"

enum { DOOR_WHAT_TEXT = 64, DOOR_WARNINGS = 16, DOOR_WARNING_TEXT = 512 };

/* A context of the library with what its callbacks write to. */
typedef struct door_context {
    ken_ctx *ctx;
    int threads;
    pid_t pid;                   /* a child of fork has none of the pool's threads: it leaves such contexts alone */
    volatile int cancel;
    _Atomic bool running;        /* a worker has it */
    bool once;                   /* not to be used again */
    pthread_mutex_t lock;        /* of the fields below */
    struct {
        char what[DOOR_WHAT_TEXT];
        int64_t iteration, total;
        double objective, validation;
        bool fresh;
    } progress;
    void (*listen)(void *listener, const ken_progress *progress); /* a call's own ear, on the worker; NULL: none */
    void *listener;
    int n_warnings;
    char warnings[DOOR_WARNINGS][DOOR_WARNING_TEXT];
    struct door_context *next;   /* of the idle or of the running ones */
} door_context;

typedef struct door_dropbox door_dropbox; /* tables that others have released (arrow_out.c) */

typedef struct door_state {
    PyObject *module;            /* borrowed */
    PyObject *table_type, *model_type;
    PyObject *numpy_empty;       /* NULL until the first array goes out */
    door_context *idle, *running;
    door_dropbox *dropbox;
} door_state;

/* --- module.c ------------------------------------------------------------------------------------------------ */
/* Of a module, of a type of it (or a type derived from that). NULL with an exception. */
door_state *door_state_of_module(PyObject *module);
door_state *door_state_of_type(PyTypeObject *type);

/* --- context.c: contexts are kept for the next call ------------------------------------------------------------ */
/* threads < 1: one. budget_s 0: none. NULL with an exception. GIL held. */
door_context *door_context_take(door_state *state, int threads, uint64_t seed, double budget_s);
/* Says the warnings of the call, if `warn`. 0, or -1 where a warning has become an exception. */
int door_context_give(door_state *state, door_context *context, bool warn);
/* Whether the library reports progress to it: what it reports costs time (the loss of all rows at each round). */
void door_context_hear(door_context *context, bool on);
void door_contexts_free(door_state *state);
/* Cancels whatever runs and waits for it: before the interpreter ends. */
void door_contexts_stop(door_state *state);

/* --- errors.c --------------------------------------------------------------------------------------------------- */
/* Raises what the context's last error stands for (ken/_errors.py says which exception). Gives -1. */
int door_raise(door_context *context, ken_status status);

/* --- run.c ---------------------------------------------------------------------------------------------------- */
typedef ken_status (*door_work)(ken_ctx *ctx, void *arg);
/* Runs work(ctx, arg) without the GIL. A progress callable or a handler of signals may fork: the child gets a RuntimeError.
 *
 * quick     in this thread: for what takes microseconds. Else in a thread of its own, while this one looks at signals
 *           and calls `progress` some 20 times a second; an exception there cancels the work.
 * arg       on the heap, owned by the caller, all that it points to, too.
 * progress  callable(what, iteration, total, objective, validation), or NULL, or None.
 * gives     0, or -1 with the exception of the work, the signal or the callable. */
int door_run(door_state *state, door_context *context, door_work work, void *arg, bool quick, PyObject *progress);

/* --- array.c: arrays of numbers, in and out --------------------------------------------------------------------- */
/* A view of memory that somebody else owns, as its owner says. */
typedef struct door_view {
    void *data;
    int ndim;
    int64_t shape[KEN_MAX_DIMS], stride[KEN_MAX_DIMS]; /* strides in bytes */
    char kind;            /* NumPy's: 'b' bool, 'i', 'u', 'f', 'c' complex, 'U', 'S', 'O', 'M' datetime, ... */
    int itemsize;
    bool swapped;         /* of the other byte order */
    PyObject *owner;      /* to be released: what keeps data alive */
} door_view;
/* By __array_struct__, else by DLPack. 1: done; 0: obj has neither; -1 with an exception. */
int door_view_of(PyObject *obj, door_view *out);
void door_view_release(door_view *view);
/* The type as which the library reads such items in place; 0: it must be converted. */
ken_dtype door_view_dtype(const door_view *view);
/* The view as a tensor: in place where the library can read it (*copy NULL), else converted, row-major, to f64, f32 or
 * i64, and *copy owns that. -1 with TypeError or ValueError for what is no number. */
int door_view_tensor(const door_view *view, ken_tensor *out, PyObject **copy);
/* Memory of count * size bytes, zeroed, that the object given owns. NULL with MemoryError. */
PyObject *door_block_new(size_t count, size_t size, void **data);
/* A new NumPy array, C order. type: "f8", "i8", "i4", "?", "u1" ... */
PyObject *door_array_new(door_state *state, int ndim, const int64_t *shape, const char *type, void **data);

/* --- table.c --------------------------------------------------------------------------------------------------- */
typedef struct door_table {
    PyObject_HEAD
    PyObject *module;
    ken_table *table;
    PyObject *keep;        /* list of what the columns borrow from */
    struct door_model *lender; /* a model whose memory they borrow, counted there; NULL: none */
    PyObject *about;       /* where it came from: a dict with "name", "sha256"; NULL: from memory */
} door_table;
extern PyType_Spec door_table_spec;
/* An empty table of n rows, to be filled before anybody sees it. */
door_table *door_table_new(door_state *state, door_context *context, int64_t n_rows);
/* Keeps obj alive as long as the table lives. */
int door_table_keep(door_table *table, PyObject *obj);
/* obj as a table: itself, or a matrix of numbers whose columns are called names[j] (NULL: x0, x1, ...). A new reference. */
door_table *door_table_of(door_state *state, door_context *context, PyObject *obj, const char *const *names, int n_names);
/* A table of one column out of whatever door_column_add takes. A new reference; *out is its column. */
door_table *door_column_of(door_state *state, door_context *context, PyObject *obj, const char *name,
                           const ken_column **out);

/* --- columns.c --------------------------------------------------------------------------------------------------- */
/* obj, one-dimensional, as a further column of a table that is being made. Its rows must be those of the table. */
int door_column_add(door_state *state, door_context *context, door_table *table, const char *name, PyObject *obj);
/* Number of rows of such an object; -1 with an exception. */
int64_t door_column_rows(door_state *state, PyObject *obj);

/* --- arrow_in.c, arrow_out.c --------------------------------------------------------------------------------------- */
/* obj gives Arrow capsules. */
bool door_speaks_arrow(PyObject *obj);
/* What they hold as a table; a single array as a table of one column. A new reference. */
door_table *door_table_of_arrow(door_state *state, door_context *context, PyObject *obj);
/* Tables that were lent and have come back, and are let go of here, with the GIL. */
door_dropbox *door_dropbox_new(void);
void door_dropbox_empty(door_dropbox *box);
void door_dropbox_give(door_dropbox *box);

/* --- model.c --------------------------------------------------------------------------------------------------- */
typedef struct door_model {
    PyObject_HEAD
    PyObject *module;
    ken_model *model;
    int readers;           /* calls that read it now */
    bool writer;           /* a call that changes it is on */
    pid_t pid;             /* of those calls: a child of fork has none of the readers, and half of what a writer did */
    int lent;              /* tables that borrow from it: it is not changed as long as they live */
} door_model;
extern PyType_Spec door_model_spec;
/* A Python object for a model, which it owns from now on (freed on failure, too). */
PyObject *door_model_wrap(door_state *state, ken_model *model);
/* Enter and leave: one writer or many readers. -1 with RuntimeError when another thread is at it, or for a writer when
 * tables borrow from the model. */
int door_model_enter(door_model *model, bool writer);
void door_model_leave(door_model *model, bool writer);
/* The UTF-8 of a str without zeros in it, lent by *owner, which the caller releases. NULL with TypeError or ValueError. */
const char *door_text_of(PyObject *str, PyObject **owner);
/* A list of str. */
PyObject *door_strings_list(const ken_strings *strings);
/* A sequence of str (NULL, None: an empty one) as texts of the heap, NULL-ended. NULL with an exception. */
char **door_texts_of(PyObject *list);
void door_texts_free(char **texts);
/* The text as a str, and frees it. */
PyObject *door_text_take(door_context *context, ken_text *text);

#endif
