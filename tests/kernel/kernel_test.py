"""The kernel as a front end meets it: one kernel for most tests (they leave it usable), new ones where it must die."""
import json, os, pathlib, re, signal, subprocess, sys, time, unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from driver import Kernel, WAIT

PROGRAM = ""
ROOT = pathlib.Path(__file__).resolve().parents[2]


class KernelCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kernel = Kernel(PROGRAM)

    @classmethod
    def tearDownClass(cls):
        cls.kernel.close()

    def ok(self, code, *args, **options):
        result = self.kernel.run(code, *args, **options)
        self.assertEqual(result.status, "ok", result.traceback or result.reply)
        return result

    def fails(self, code, name, *args, **options):
        result = self.kernel.run(code, *args, **options)
        self.assertEqual(result.status, "error", code)
        self.assertEqual(result.reply["ename"], name, result.traceback)
        return result

    def value(self, code):
        """Of a cell that is an expression."""
        records = self.ok(code).records
        self.assertEqual(len(records), 1)
        return records[0]["value"]


class Execute(KernelCase):
    def test_stdout_and_stderr(self):
        result = self.ok('RUN { printf("to out: é\\n"); fprintf(stderr, "to err\\n"); }')
        self.assertEqual((result.stdout, result.stderr), ("to out: é\n", "to err\n"))

    def test_output_and_records_keep_their_order(self):
        result = self.ok('RUN { for (int i = 0; i < 20; i++) { printf("%d\\n", i); KEN_SHOW("i", i); } }')
        kinds = [m["msg_type"] for m in result.outputs if m["msg_type"] != "execute_input"]
        self.assertEqual(kinds, ["stream", "display_data"] * 20)

    def test_much_output_arrives_whole(self):
        result = self.ok('RUN { for (int i = 0; i < 60000; i++) printf("%06d é\\n", i); }')
        self.assertEqual(result.stdout, "".join(f"{i:06d} é\n" for i in range(60000)))

    def test_expression_is_the_result(self):
        result = self.ok("int seven(void) { return 7; }\nseven() * 6 // the answer")
        message = result.outputs[-1]
        self.assertEqual(message["msg_type"], "execute_result")
        self.assertEqual(message["content"]["data"]["text/plain"], "42")
        self.assertEqual(message["content"]["execution_count"], result.reply["execution_count"])

    def test_record_bytes(self):
        result = self.ok('//% cell=fit\nRUN { KEN_SHOW("r2", 0.8414); KEN_SHOW("n", (int64_t)3); KEN_SHOW("t", "a\\"b"); }')
        self.assertEqual(result.records, [{"cell": "fit", "key": "r2", "type": "number", "value": 0.8414},
                                          {"cell": "fit", "key": "n", "type": "integer", "value": 3},
                                          {"cell": "fit", "key": "t", "type": "text", "value": 'a"b'}])

    def test_print_is_a_stream(self):
        self.assertEqual(self.ok('RUN { KEN_PRINT("loss %.3f\\n", 0.5); }').stdout, "loss 0.500\n")

    def test_table_as_html(self):
        data = self.ok('static ken_table *iris;\nRUN { KEN_TRY(ken_dataset_load(ctx, "iris", &iris)); KEN_SHOW("iris", iris); }').data[0]
        self.assertIn("<th>species<br><small>category</small></th>", data["text/html"])
        self.assertIn("150 rows", data["text/html"])
        self.assertEqual(data["text/plain"].count("\n"), 22)
        self.assertEqual(len(data["application/vnd.ken.show+json"]["value"]["rows"]), 20)

    def test_table_html_is_escaped(self):
        data = self.ok('RUN {\n ken_table *t; double v[1] = {1};\n ken_column c = {.name = "<script>&", .dtype = KEN_F64, .n = 1, '
                       '.data = v, .stride = 1, .source = -1};\n KEN_TRY(ken_table_new(ctx, 1, &t));\n'
                       ' KEN_TRY(ken_table_add_copy(ctx, t, &c));\n KEN_SHOW("t", t);\n ken_table_free(t);\n}').data[0]
        self.assertIn("&lt;script&gt;&amp;", data["text/html"])
        self.assertNotIn("<script>", data["text/html"])

    def test_figure_is_vega_lite(self):
        result = self.ok('RUN { KEN_SHOW_FIGURE("dots", "{\\"mark\\":\\"point\\",\\"data\\":{\\"values\\":[{\\"x\\":1}]}}"); }')
        spec = result.data[0]["application/vnd.vegalite.v5+json"]
        self.assertEqual((spec["mark"], spec["data"]["values"]), ("point", [{"x": 1}]))
        self.assertIn("ken-dot", spec["config"]["style"])

    def test_figure_that_asks_for_the_width_of_its_box_gets_one(self):
        """In an output area, whose width is that of its content, it would never come to rest."""
        spec = {"width": "container", "mark": "bar", "title": '"width":"container"'}
        text = json.dumps(json.dumps(spec))
        data = self.ok(f'RUN {{ KEN_SHOW_FIGURE("f", {text}); }}').data[0]
        self.assertEqual(data["application/vnd.vegalite.v5+json"]["width"], 560)
        self.assertEqual(data["application/vnd.vegalite.v5+json"]["title"], spec["title"])
        self.assertEqual(data["application/vnd.ken.show+json"]["value"], spec)

    def test_fast_cells_are_optimized(self):
        code = 'RUN {\n#ifdef __OPTIMIZE__\n KEN_SHOW("fast", 1);\n#else\n KEN_SHOW("fast", 0);\n#endif\n}'
        self.assertEqual(self.ok(code).records[0]["value"], 0)
        self.assertEqual(self.ok("//% fast\n" + code).records[0]["value"], 1)

    def test_silent_publishes_nothing_and_does_not_count(self):
        before = self.ok("1").reply["execution_count"]
        result = self.ok('RUN { printf("x"); KEN_SHOW("a", 1); }', silent=True)
        self.assertEqual(result.outputs, [])
        self.assertEqual(self.ok("1").reply["execution_count"], before + 1)

    def test_user_expressions(self):
        self.ok("int width = 6;")
        reply = self.ok("", user_expressions={"good": "width * 7", "bad": "no_such_name"}).reply["user_expressions"]
        self.assertEqual(reply["good"]["data"]["text/plain"], "42")
        self.assertEqual(reply["bad"]["status"], "error")

    def test_a_whole_program_runs(self):
        self.assertEqual(self.ok('#include <stdio.h>\nint main(void) {\n    puts("hello");\n    return 0;\n}').stdout, "hello\n")

    def test_checks(self):
        result = self.ok("KEN_CHECK(sums) { EXPECT_NEAR(1 + 1, 2, 1e-12); }")
        self.assertEqual(result.stdout, "sums: passed\n")
        result = self.fails("KEN_CHECK(wrong) {\n    EXPECT(1 == 2);\n}", "CheckFailed")
        self.assertRegex(result.stderr, r"cell \d+:2: .*1 == 2")

    def test_model_end_to_end(self):
        result = self.ok('''static ken_table *table;
static ken_model *model;
RUN {
    ken_training result = {0};
    ken_train_options options = KEN_TRAIN_DEFAULTS;
    options.target = "species";
    options.model = "tree";
    KEN_TRY(ken_dataset_load(ctx, "iris", &table));
    KEN_TRY(ken_train(ctx, table, &options, &model, &result));
    KEN_SHOW("accuracy", ken_evaluation_find(&result.evaluation, "accuracy")->interval.value);
}''')
        self.assertGreater(result.records[0]["value"], 0.85)
        self.assertEqual(self.value("ken_model_n_classes(model)"), 3)


class State(KernelCase):
    def test_everything_lives_on(self):
        self.ok('#include <ctype.h>\n#define TWICE(x) ((x) * 2)\nenum color { RED = 3, BLUE };\ntypedef struct { double x, y; } point;\n'
                'static point at = {1, 2}, *there = &at;\nstatic int counts[] = {4, 5, 6};\nstatic inline int up(int i) { return i + 1; }')
        self.assertEqual(self.value("TWICE(up(BLUE))"), 10)
        self.assertEqual(self.value("there->y + toupper('a')"), 67)
        self.assertEqual(self.value("(int)(sizeof counts / sizeof counts[0])"), 3)
        self.ok("RUN { counts[1] = 50; at.x = 9; }")
        self.assertEqual(self.value("counts[1] + there->x"), 59)

    def test_struct_with_its_variable(self):
        self.ok("static const struct pair { int a, b; } first = {1, 2}, *second = &first;\nstruct { int z; } anonymous = {8};")
        self.assertEqual(self.value("first.b + second->a + anonymous.z"), 11)
        self.ok("RUN { struct pair p = {5, 6}; anonymous.z = p.b; }")
        self.assertEqual(self.value("anonymous.z"), 6)

    def test_function_is_replaced(self):
        self.ok("double f(double x) { return x; }")
        self.ok("double f(double x, double y) { return x + y; }")
        self.assertEqual(self.value("f(1, 2)"), 3)

    def test_variable_is_replaced_by_another_type(self):
        self.ok("int thing = 3;")
        self.ok('const char *thing = "text";')
        self.assertEqual(self.value("thing"), "text")

    def test_macro_is_replaced(self):
        self.ok("#define SIZE 4\nint box[SIZE];")
        result = self.ok("#define SIZE 8")
        self.assertEqual(result.stderr, "")
        self.assertEqual(self.value("(int)(SIZE * 100 + sizeof box / sizeof box[0])"), 804)

    def test_type_that_changes_takes_its_things_along(self):
        self.ok("typedef struct { int a; } shape;\nstatic shape s1;\nint other = 4;")
        result = self.ok("typedef struct { int a, b; } shape;\nstatic shape s2 = {1, 2};")
        self.assertIn("'s1'", result.stderr)
        self.assertEqual(self.value("s2.b + other"), 6)
        self.fails("s1.a", "CompileError")

    def test_the_same_cell_again(self):
        code = ("typedef struct { int a; } again;\nenum { ONE = 1 };\n#define KIND 2\nstruct tag { int q; };\nstatic again value = {5};\n"
                "int get(again *p) { return p->a + KIND + ONE; }\nint proto(void);\n")
        for _ in range(3):
            self.ok(code)
        self.assertEqual(self.value("get(&value)"), 8)

    def test_mutual_recursion_by_prototype(self):
        self.ok("static int odd(int n);\nstatic int even(int n) { return n == 0 ? 1 : odd(n - 1); }\n"
                "static int odd(int n) { return n == 0 ? 0 : even(n - 1); }")
        self.assertEqual(self.value("even(10) * 10 + odd(7)"), 11)

    def test_symbols_of_the_process_can_be_taken(self):
        """Names that libm, libc or the kernel export, but no header in the cell declares."""
        self.ok("static int cell_declare = 3; double zmq_errno = 0.5; int backtrace(void) { return cell_declare; }")
        self.assertEqual(self.value("backtrace() + zmq_errno"), 3.5)

    def test_arithmetic_on_variables_of_other_cells(self):
        """tcc gets this wrong where the second operand lies in another object."""
        self.ok("double half = 0.5; int whole = 7; struct { float f[3]; } many = {{1, 2, 3}};")
        self.assertEqual(self.value("whole + half"), 7.5)
        self.assertEqual(self.value("half * half + many.f[2]"), 3.25)
        self.assertEqual(self.value("1.5 > half"), 1)

    def test_a_name_of_a_header_cannot(self):
        result = self.fails("int x;\nstatic int printf = 3;", "CompileError")
        self.assertRegex(result.reply["evalue"], r"cell \d+, line 2: .*printf")
        self.assertEqual(result.traceback.count("error:"), 1)

    def test_a_failed_cell_changes_nothing(self):
        self.ok("int kept = 1;")
        self.fails("int kept = 2;\nint broken = ;", "CompileError")
        self.assertEqual(self.value("kept"), 1)

    def test_cells_fast_and_not_work_together(self):
        self.ok("//% fast\ndouble sum(const double *x, int n) { double s = 0; for (int i = 0; i < n; i++) s += x[i]; return s; }")
        self.ok("double three[3] = {1, 2, 3.5};")
        self.assertEqual(self.value("//% fast\nsum(three, 3)"), 6.5)


class Errors(KernelCase):
    def test_line_and_caret_of_the_cell(self):
        result = self.fails("int a = 1;\nRUN {\n    int b = a + mising;\n}", "CompileError")
        self.assertRegex(result.reply["evalue"], r"cell \d+, line 3: .*mising")
        self.assertIn("    3 |     int b = a + mising;\n      |                 ^", result.traceback)

    def test_line_after_a_definition_that_is_declared_first(self):
        result = self.fails("static int a = 1; int b = 2; static struct q { int z; } c; int d = wrong;", "CompileError")
        self.assertRegex(result.traceback, r"line 1: error: .*wrong")
        self.assertIn("^", result.traceback)

    def test_warnings_are_shown(self):
        result = self.ok("//% fast\nint f(void) { int unset; return unset; }")
        self.assertRegex(result.stderr, r"cell \d+, line 2: .*warning.*unset")

    def test_undeclared_function(self):
        self.fails("double g(void) { return not_there(2.0); }", "CompileError")

    def test_statement_outside_run(self):
        result = self.fails('int x = 1;\nx = 2;\n', "CompileError")
        self.assertIn("line 2 is a statement: statements stand in RUN { ... }", result.traceback)
        self.fails('printf("hi\\n");', "CompileError")

    def test_split_errors(self):
        result = self.fails("RUN {\n    int a = (1;\n}", "CellError")
        self.assertIn("    2 |     int a = (1;", result.traceback)
        self.assertIn('a string that does not end', self.fails('const char *s = "abc;\n', "CellError").traceback)
        self.fails("RUN int a;", "CellError")
        self.fails("//% quick\nint a;", "CellError")

    def test_prototype_without_definition(self):
        result = self.fails("int nowhere(int);\nint call(void) { return nowhere(1); }", "LinkError")
        self.assertIn("'nowhere' is declared", result.reply["evalue"])

    def test_status_has_message_hint_and_line(self):
        result = self.fails('RUN {\n    ken_model *m;\n    KEN_TRY(ken_model_new(ctx, "ridgee", NULL, &m));\n}', "KEN_E_NOT_FOUND")
        self.assertIn("there is no model 'ridgee'", result.traceback)
        self.assertIn("did you mean 'ridge'", result.traceback)
        self.assertIn('    3 |     KEN_TRY(ken_model_new(ctx, "ridgee", NULL, &m));', result.traceback)

    def test_traceback_through_functions(self):
        first = self.ok("ken_status inner(ken_ctx *ctx) {\n    return KEN_FAIL(ctx, KEN_E_VALUE, \"do it\", \"no luck\");\n}\n"
                        "ken_status outer(ken_ctx *ctx) {\n\n    KEN_TRY(inner(ctx));\n    return KEN_OK;\n}").reply["execution_count"]
        result = self.fails("RUN { KEN_TRY(outer(ctx)); }", "KEN_E_VALUE")
        self.assertRegex(result.traceback, rf"cell {first}, line 6\n[^\n]*\ncell {first + 1}, line 1\n")

    def test_stop_on_error_aborts_what_waits(self):
        first, second = self.kernel.start("no_such"), self.kernel.start("RUN { printf(\"not reached\"); }")
        self.assertEqual(self.kernel.reply(first)["status"], "error")
        self.assertEqual(self.kernel.reply(second)["status"], "aborted")
        third, fourth = self.kernel.start("no_such", stop_on_error=False), self.kernel.start("1")
        self.assertEqual(self.kernel.reply(third)["status"], "error")
        self.assertEqual(self.kernel.collect(fourth).status, "ok")


class Input(KernelCase):
    def test_scanf_and_fgets(self):
        result = self.ok('RUN {\n int a; char line[40];\n printf("age? ");\n scanf("%d", &a);\n fgets(line, sizeof line, stdin);\n'
                         ' fgets(line, sizeof line, stdin);\n printf("[%d|%s]", a, line);\n}', answers=["42", "Grüße aus C"], allow_stdin=True)
        self.assertEqual(result.stdout, "age? [42|Grüße aus C\n]")
        self.assertEqual(result.prompts, ["", ""])

    def test_ken_input_has_a_prompt(self):
        result = self.ok('RUN { const char *s = ken_input("Your name: "); printf("<%s>", s); }', answers=["Ada"], allow_stdin=True)
        self.assertEqual((result.prompts, result.stdout), (["Your name: "], "<Ada>"))

    def test_without_input(self):
        result = self.ok('RUN { int a = 5; const int n = scanf("%d", &a); printf("%d %d %s", n, a, ken_input("?") ? "yes" : "no"); }', allow_stdin=False)
        self.assertEqual(result.stdout, "-1 5 no")
        self.assertIn("gives none", result.stderr)

    def test_interrupt_while_it_waits(self):
        msg = self.kernel.start('RUN { char s[9]; const char *p = fgets(s, 9, stdin); printf("%s", p ? p : "none"); }', allow_stdin=True)
        self.kernel.client.get_stdin_msg(timeout=WAIT)
        self.kernel.manager.interrupt_kernel()
        self.kernel.collect(msg)
        self.ok("1")


class Interrupts(KernelCase):
    def begin(self, code):
        msg = self.kernel.start(code)
        while self.kernel.client.get_iopub_msg(timeout=WAIT)["content"].get("text") != "go\n":
            pass
        return msg

    def stop(self, msg, interrupt):
        start = time.monotonic()
        interrupt()
        result = self.kernel.collect(msg)
        self.assertEqual(result.reply["ename"], "Interrupted", result.reply)
        return time.monotonic() - start

    def by_message(self):
        self.kernel.manager.interrupt_kernel()

    def by_signal(self):
        os.kill(self.kernel.manager.provisioner.process.pid, signal.SIGINT)

    def test_library_work_ends(self):
        self.ok("int survivor = 11;")
        msg = self.begin('RUN { puts("go"); for (;;) { KEN_TRY(ken_check_cancel(ctx)); } }')
        self.stop(msg, self.by_message)
        self.assertEqual(self.value("survivor"), 11)

    def test_tight_loop_is_left_and_state_kept(self):
        for interrupt in (self.by_message, self.by_signal):
            self.ok("int survivor = 12;")
            msg = self.begin('RUN { puts("go"); for (volatile int i = 0;; i++) {} }')
            self.stop(msg, interrupt)
            self.assertEqual(self.value("survivor"), 12)

    def test_sleep_is_left(self):
        msg = self.begin('#include <unistd.h>\nRUN { puts("go"); for (;;) sleep(100); }')
        self.stop(msg, self.by_message)
        self.ok("1")

    def test_a_cell_that_blocks_signals_is_ended(self):
        msg = self.begin('#include <signal.h>\nRUN { sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL); puts("go"); for (;;) {} }')
        self.stop(msg, self.by_message)
        self.ok("1")

    def test_interrupt_of_an_idle_kernel_does_nothing(self):
        self.by_message()
        self.by_signal()
        time.sleep(0.5)  # both came before the next cell
        self.assertEqual(self.value("2"), 2)


class Crashes(KernelCase):
    def crash(self, code, name):
        self.ok("int lost = 1;")
        result = self.fails(code, name)
        self.assertIn("gone", result.traceback)
        self.fails("lost", "CompileError")
        self.assertEqual(self.value("40 + 2"), 42)
        return result

    def test_segmentation_fault_has_its_line(self):
        result = self.crash("RUN {\n    int *p = NULL;\n    *p = 1;\n}", "SIGSEGV")
        self.assertRegex(result.traceback, r"cell \d+, line 3\n    3 |     \*p = 1;")

    def test_crash_inside_libc_has_the_line_of_the_cell(self):
        result = self.crash('RUN {\n    const char *volatile s = (const char *)8;\n    printf("%d", (int)strlen(s));\n}', "SIGSEGV")
        self.assertRegex(result.traceback, r"cell \d+, line 3\n")

    def test_crash_in_a_function_of_an_earlier_cell(self):
        self.ok("1")
        first = self.ok("int divide(int a, int b) {\n    return a / b;\n}").reply["execution_count"]
        result = self.fails("RUN { divide(1, 0); }", "SIGFPE")
        self.assertIn(f"cell {first}, line 2\n    2 |     return a / b;", result.traceback)

    def test_abort_and_stack_overflow_and_exit(self):
        self.crash("RUN { abort(); }", "SIGABRT")
        self.crash("int deep(int n) { volatile char pad[4096]; pad[0] = (char)n; return deep(n + 1) + pad[0]; }\nRUN { deep(0); }", "SIGSEGV")
        self.assertIn("exit status 3", self.crash("RUN { exit(3); }", "Exit").reply["evalue"])

    def test_output_before_the_crash_is_not_lost(self):
        result = self.kernel.run('RUN { puts("before"); abort(); }')
        self.assertEqual(result.stdout, "before\n")


class Help(KernelCase):
    def matches(self, code):
        at = code.index("|")
        reply = self.kernel.ask("complete", code.replace("|", "", 1), at)
        self.assertEqual(reply["status"], "ok")
        self.assertLessEqual(reply["cursor_start"], at)
        return reply["matches"]

    def text(self, code):
        reply = self.kernel.ask("inspect", code.replace("|", "", 1), code.index("|"))
        return reply["data"]["text/plain"] if reply["found"] else None

    def test_symbols_of_the_headers(self):
        self.assertIn("ken_model_new", self.matches("RUN { ken_model_n|"))
        self.assertIn("KEN_E_SHAPE", self.matches("KEN_E_S|"))
        self.assertIn("KEN_SHOW_ARRAY", self.matches("RUN { KEN_SHOW_A|"))
        self.assertIn("ken_train_options", self.matches("ken_train_o|"))

    def test_names_of_cells(self):
        self.ok("typedef struct { int wide, high; } frame_size;\nint frame_count = 0;\nstatic frame_size frame_one;\nvoid frame_draw(int at) {}")
        self.assertEqual(self.matches("RUN { frame_|"), ["frame_count", "frame_draw", "frame_one", "frame_size"])
        self.assertEqual(self.matches("int local_name;\nRUN { local_|"), ["local_name"])
        self.assertEqual(self.matches("RUN { frame_one.|"), ["high", "wide"])

    def test_members_of_a_parameter_struct(self):
        self.assertIn("alpha", self.matches("RUN { ken_ridge_params p = KEN_RIDGE_DEFAULTS; p.al|"))

    def test_names_of_the_catalog_in_strings(self):
        self.assertEqual(self.matches('RUN { ken_model_new(ctx, "rid|'), ["ridge"])
        self.assertIn("alpha=", self.matches('RUN { ken_model_new(ctx, "ridge", "al|"'))
        self.assertEqual(self.matches('RUN { ken_model_new(ctx, "ridge", "alpha=1 solver=ch|"'), ["cholesky"])
        self.assertIn("iris", self.matches('RUN { KEN_TRY(ken_dataset_load(ctx, "ir|'))
        self.assertIn("boosting", self.matches('RUN { options.model = "boo|'))

    def test_code_points_not_bytes(self):
        reply = self.kernel.ask("complete", '/* é𝛼 */ ken_model_ne', len('/* é𝛼 */ ken_model_ne'))
        self.assertEqual((reply["cursor_start"], reply["cursor_end"]), (9, 21))

    def test_inspect(self):
        self.assertIn("The text door", self.text("RUN { ken_model_n|ew(ctx"))
        self.assertIn("ken_status ken_model_fit(", self.text("KEN_TRY(ken_model_fit(|ctx"))
        self.assertIn("penalty", self.text('ken_model_new(ctx, "rid|ge"'))
        self.assertRegex(self.text('ken_model_new(ctx, "ridge", "al|pha=1"'), r"alpha of ridge\n +alpha = 1 ")
        self.ok("/* Half of it. */\ndouble half_of(double x) { return x / 2; }")
        self.assertRegex(self.text("RUN { half_o|f(1)"), r"double half_of\(double x\);\n\n/\* Half of it. \*/\n\ncell \d+, line 2")
        self.assertIsNone(self.text("no_such_thin|g"))

    def test_is_complete(self):
        for code, status in (("int a;", "complete"), ("RUN {", "incomplete"), ("f(", "incomplete"), ("/* x", "incomplete"),
                             ("int f(void) }", "invalid"), ("#define A \\", "incomplete"), ('"a', "invalid")):
            self.assertEqual(self.kernel.ask("is_complete", code)["status"], status, code)
        self.assertEqual(self.kernel.ask("is_complete", "RUN { if (a) {")["indent"], " " * 8)


class Protocol(KernelCase):
    def test_kernel_info(self):
        info = self.kernel.ask("kernel_info")
        self.assertEqual(info["language_info"]["name"], "c")
        self.assertEqual(info["language_info"]["file_extension"], ".c")
        self.assertRegex(info["protocol_version"], r"^5\.")

    def test_history_and_comms(self):
        self.ok("1 + 10")
        self.ok("1 + 11")
        tail = self.kernel.ask("history", hist_access_type="tail", n=2)["history"]
        self.assertEqual([h[2] for h in tail], ["1 + 10", "1 + 11"])
        found = self.kernel.ask("history", hist_access_type="search", pattern="*+ 10", n=100)["history"]
        self.assertEqual([h[2] for h in found], ["1 + 10"])
        self.assertEqual(self.kernel.ask("comm_info"), {"status": "ok", "comms": {}})

    def test_heartbeat(self):
        self.assertTrue(self.kernel.client.is_alive())
        self.kernel.client.hb_channel.unpause()
        time.sleep(2)
        self.assertTrue(self.kernel.client.hb_channel.is_beating())

    def test_unsigned_messages_are_ignored(self):
        good, self.kernel.client.session.key = self.kernel.client.session.key, b"wrong"
        self.kernel.client.execute("RUN { abort(); }")
        self.kernel.client.session.key = good
        self.assertEqual(self.value("5"), 5)

    def test_status_brackets_every_request(self):
        msg = self.kernel.client.kernel_info()
        states = []
        while states[-1:] != ["idle"]:
            message = self.kernel.client.get_iopub_msg(timeout=WAIT)
            if message["parent_header"].get("msg_id") == msg:
                states.append(message["content"]["execution_state"])
        self.assertEqual(states, ["busy", "idle"])
        self.kernel.reply(msg)


class Life(unittest.TestCase):
    def test_restart_forgets_and_shutdown_ends(self):
        kernel = Kernel(PROGRAM)
        kernel.run("int here = 1;")
        self.assertEqual(kernel.run("here").status, "ok")
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=WAIT)
        self.assertEqual(kernel.run("here").status, "error")
        self.assertEqual(kernel.run("1").reply["execution_count"], 2)
        process = kernel.manager.provisioner.process
        kernel.close()
        self.assertEqual(process.poll(), 0)

    def test_nothing_is_left_behind(self):
        import glob, tempfile
        folder, before = tempfile.mkdtemp(), os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = folder
        try:
            def shutdown(kernel):
                pass  # close() asks for it

            def terminate(kernel):
                kernel.manager.provisioner.process.terminate()

            for end in (shutdown, terminate):
                kernel = Kernel(PROGRAM)
                kernel.run("int a;")
                self.assertEqual(len(glob.glob(folder + "/ken-kernel-*/cell*.so")), 1)
                process = kernel.manager.provisioner.process
                end(kernel)
                if end is not shutdown:
                    process.wait(timeout=WAIT)
                kernel.close()
                self.assertEqual(glob.glob(folder + "/ken-kernel-*"), [])
        finally:
            os.environ.pop("TMPDIR")
            if before:
                os.environ["TMPDIR"] = before

    def test_install_says_what_is_wrong(self):
        for arguments, part in ((["--where"], "--where"), (["--prefix"], "needs a value"), (["--name", "a/b"], "a/b"),
                                (["--prefix", "/proc/none"], "cannot be made")):
            run = subprocess.run([PROGRAM, "install", *arguments], capture_output=True, text=True)
            self.assertIn(run.returncode, (1, 2))
            self.assertIn(part, run.stderr)


class Notebook(unittest.TestCase):
    """The example, through nbclient, against the outputs that it must have."""

    def test_example(self):
        import nbformat
        from nbclient import NotebookClient
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager
        kernel = Kernel(PROGRAM)
        specs = KernelSpecManager(kernel_dirs=[kernel.prefix + "/share/jupyter/kernels"])
        notebook = nbformat.read(ROOT / "examples/first_model.ipynb", as_version=4)
        nbformat.validate(notebook)
        self.assertTrue(all(not c.get("outputs") for c in notebook.cells), "the notebook is kept without outputs")
        client = NotebookClient(notebook, timeout=WAIT, km=AsyncKernelManager(kernel_name="ken", kernel_spec_manager=specs))
        client.execute()
        kernel.close()
        nbformat.validate(notebook)
        records = [o["data"]["application/vnd.ken.show+json"] for c in notebook.cells for o in c.get("outputs", [])
                   if o["output_type"] in ("display_data", "execute_result")]
        found = "".join(json.dumps({**r, "value": r["value"] if r["type"] not in ("table", "figure") else "..."}) + "\n" for r in records)
        golden = ROOT / "tests/kernel/first_model.records"
        if os.environ.get("KEN_GOLDEN"):
            golden.write_text(found)
        self.assertEqual(found, golden.read_text())
        self.assertIn("table", [r["type"] for r in records])
        self.assertIn("figure", [r["type"] for r in records])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=1)
