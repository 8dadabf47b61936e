/* Interrupts and crashes.
 *
 * An interrupt sets the context's cancel flag: library work ends within a tenth of a second. A cell that
 * does not look at it is left by a jump, once the program counter is in the cell's own code: no lock of
 * libc or of the library is held there, so the process can go on. */
#include "kernel/executor.h"

#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <dlfcn.h>

#include "kernel/frames.h"

enum {
    SIGNALS_UNITS = 4096,
    SIGNALS_GRACE_MS = 500,  /* for the library to see the flag */
    SIGNALS_AGAIN_MS = 20,   /* between tries to leave the cell */
    SIGNALS_SYSCALL_TRIES = 50,
    SIGNALS_STACK = 64 << 10,
    SIGNALS_LOOK = 1 << 16   /* bytes of the stack searched for a cell */
};

volatile int executor_cancel;

static struct {
    struct {
        uintptr_t begin, end, base;
        int unit;
    } units[SIGNALS_UNITS];
    volatile int n_units;
    sigjmp_buf leave;
    volatile sig_atomic_t running, tries;
    uintptr_t stack_top;
} signals;

/* --- units ---------------------------------------------------------------------------------------------- */
typedef struct signals_search {
    uintptr_t base;
    int unit;
} signals_search;

static int signals_note(struct dl_phdr_info *info, size_t size, void *arg) {
    const signals_search *search = arg;
    (void)size;
    if (info->dlpi_addr != search->base) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || signals.n_units == SIGNALS_UNITS) continue;
        const int n = signals.n_units;
        signals.units[n].begin = search->base + segment->p_vaddr;
        signals.units[n].end = signals.units[n].begin + segment->p_memsz;
        signals.units[n].base = search->base;
        signals.units[n].unit = search->unit;
        signals.n_units = n + 1;
    }
    return 1;
}

bool executor_note_unit(int unit, void *handle) {
    struct link_map *map = NULL;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) return false;
    signals_search search = {map->l_addr, unit};
    const int before = signals.n_units;
    dl_iterate_phdr(signals_note, &search);
    return signals.n_units > before;
}

static int signals_find(uintptr_t pc) {
    for (int i = signals.n_units - 1; i >= 0; i--)
        if (pc >= signals.units[i].begin && pc < signals.units[i].end) return i;
    return -1;
}

static void signals_registers(void *context, uintptr_t *pc, uintptr_t *sp) {
    const ucontext_t *u = context;
#if defined(__x86_64__)
    *pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP], *sp = (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    *pc = (uintptr_t)u->uc_mcontext.pc, *sp = (uintptr_t)u->uc_mcontext.sp;
#else
    (void)u;
    *pc = *sp = 0;
#endif
}

/* --- leaving a cell ------------------------------------------------------------------------------------------ */
/* Behind a system call that the signal has woken: sleep, poll ... */
static bool signals_in_syscall(uintptr_t pc) {
#if defined(__x86_64__)
    const unsigned char *code = (const unsigned char *)pc;
    return pc > 2 && code[-2] == 0x0f && code[-1] == 0x05;
#else
    (void)pc;
    return false;
#endif
}

static void signals_timer(int first_ms) {
    const struct itimerval timer = {{0, first_ms ? SIGNALS_AGAIN_MS * 1000 : 0}, {0, first_ms * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void signals_on_alarm(int number, siginfo_t *info, void *context) {
    uintptr_t pc, sp;
    (void)number, (void)info;
    if (!signals.running) return;
    signals_registers(context, &pc, &sp);
    signals.tries++;
    if (signals_find(pc) >= 0 || (signals.tries > SIGNALS_SYSCALL_TRIES && signals_in_syscall(pc)))
        siglongjmp(signals.leave, 1);
}

static void signals_on_interrupt(int number) {
    (void)number;
    if (!signals.running) return;
    signals_timer(executor_cancel ? SIGNALS_AGAIN_MS : SIGNALS_GRACE_MS);
    executor_cancel = 1;
}

bool executor_guard(void (*fn)(void *arg), void *arg) {
    volatile bool done = false;
    executor_cancel = 0;
    signals.tries = 0;
    signals.stack_top = (uintptr_t)__builtin_frame_address(0);
    if (sigsetjmp(signals.leave, 1) == 0) {
        signals.running = 1;
        fn(arg);
        done = true;
    }
    signals.running = 0;
    signals_timer(0);
    executor_cancel = 0;
    return done;
}

/* Does the address follow a call? Tells return addresses from other words on the stack. */
static bool signals_is_return(uintptr_t address) {
#if defined(__x86_64__)
    const unsigned char *code = (const unsigned char *)address;
    return code[-5] == 0xe8 || (code[-6] == 0xff && code[-5] == 0x15) || (code[-2] == 0xff && (code[-1] & 0xf8) == 0xd0) ||
           (code[-3] == 0xff && (code[-2] & 0xf8) == 0x50) || (code[-6] == 0xff && (code[-5] & 0xf8) == 0x90);
#else
    (void)address;
    return true;
#endif
}

/* --- crashes ---------------------------------------------------------------------------------------------------- */
static void signals_on_crash(int number, siginfo_t *info, void *context) {
    frames_crash crash = {.signal = number, .address = (uint64_t)(uintptr_t)info->si_addr};
    uintptr_t pc, sp;
    signals_registers(context, &pc, &sp);
    int unit = signals_find(pc);
    /* Inside a library: the cell is the first of its callers on the stack. */
    for (uintptr_t at = sp & ~(sizeof at - 1); unit < 0 && sp && at < sp + SIGNALS_LOOK && at < signals.stack_top; at += sizeof at) {
        const uintptr_t word = *(const uintptr_t *)at;
        const int found = signals_find(word);
        if (found < 0 || word - signals.units[found].begin < 8 || !signals_is_return(word)) continue;
        unit = found, pc = word - 1; /* into the call, not behind it */
    }
    if (unit >= 0) {
        crash.unit = signals.units[unit].unit;
        crash.offset = pc - signals.units[unit].base;
    }
    frames_write(FRAMES_FD, FRAME_CRASH, &crash, sizeof crash);
    signal(number, SIG_DFL);
    raise(number);
    _exit(128 + number);
}

void executor_signals(void) {
    static char stack[SIGNALS_STACK];
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action;
    sigaltstack(&alternate, NULL); /* a stack that overflowed cannot run a handler */
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
    action.sa_sigaction = signals_on_crash;
    for (int i = 0; i < KEN_COUNT(crashes); i++) sigaction(crashes[i], &action, NULL);
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = signals_on_alarm;
    sigaction(SIGALRM, &action, NULL);
    memset(&action, 0, sizeof action);
    action.sa_handler = signals_on_interrupt;
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}
