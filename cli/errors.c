/* Errors: what is wrong first, then what to do. Always on stderr. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static void errors_print(const char *place, const char *message, const char *hint) {
    const char *red = cli_style(stderr, "31"), *dim = cli_style(stderr, "2"), *plain = cli_style(stderr, "0");
    cli_progress_end();
    fprintf(stderr, "%sken:%s ", red, plain);
    if (place && *place) fprintf(stderr, "%s: ", place);
    fprintf(stderr, "%s\n", message);
    if (hint && *hint) fprintf(stderr, "     %s%s%s\n", dim, hint, plain);
}

int cli_wrong(const char *hint, const char *fmt, ...) {
    char message[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    errors_print(NULL, message, hint);
    return CLI_USAGE;
}

/* `ken models | head` has all that it asked for: no words about it. stdio forgets the errno of an earlier write;
 * the pipe itself says that nobody reads it any more. */
static bool errors_reader_left(void) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

int cli_failed(cli *c, ken_status status) {
    if (status == KEN_E_CANCELLED) {
        errors_print(NULL, "interrupted; nothing was written", NULL);
        return CLI_INTERRUPTED;
    }
    const char *message = ken_ctx_message(c->ctx), of_output[] = "standard output: ";
    if (strncmp(message, of_output, sizeof of_output - 1) == 0 && errors_reader_left()) return CLI_FAILED;
    errors_print(ken_ctx_place(c->ctx), *message ? message : ken_status_name(status), ken_ctx_hint(c->ctx));
    return status == KEN_E_ARG ? CLI_USAGE : CLI_FAILED;
}

int cli_finish_output(int status) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    if (!errors_reader_left() && (status == CLI_DONE || status == CLI_GATE)) {
        char message[256];
        snprintf(message, sizeof message, "cannot write to standard output: %s",
                 errno ? strerror(errno) : "write error");
        errors_print(NULL, message, "check the pipe or the disk it goes to");
    }
    return status == CLI_DONE ? CLI_FAILED : status;
}
