// Exercises in C: the solution passes, the starter fails, and each mutant (a likely mistake) fails in its own way, so
// that the tests that a reader's answer fails lead to the hint of the mistake it makes.
import path from 'node:path';
import { once, hashOf } from './cache.mjs';
import { compile, compilers, exec, pool, tell } from './native.mjs';
import { statements } from './csource.mjs';
import { relative } from './paths.mjs';

const HEAD = '#include <ken/ken.h>\n#include <ken/cell.h>\n';

// Each expectation at the top level of {tests} is a check of its own, after the statements that prepare it: a failed
// one does not hide the next. [{name, line, text}] and their C.
export function testsC(file, block) {
  const first = block.position.start.line + 1;
  const setup = [], tests = [];
  let c = '';
  for (const { text, line } of statements(block.value)) {
    if (!/\bEXPECT\w*\s*\(/.test(text)) { setup.push({ text, line }); continue; }
    const name = `t${tests.length + 1}`;
    tests.push({ name, line: first + line - 1, text });
    const place = (s) => `#line ${first + s.line - 1} "${file}"\n${s.text}\n`;
    c += `KEN_CHECK(${name}) {\n${setup.map(place).join('')}${place({ text, line })}}\n`;
  }
  c += `#line 1 "tests.c"\nconst ken_check ken_checks[] = {\n${tests.map(({ name }) => `    {"${name}", ken_check_${name}},\n`).join('')}    {NULL, NULL}};\n`;
  return { tests, c };
}

const milliseconds = (limit) => (limit ? (limit.endsWith('ms') ? parseInt(limit, 10) : 1000 * parseInt(limit, 10)) : 1000);

const variants = (exercise) => [
  ['starter', exercise.parts.starter[0]], ['solution', exercise.parts.solution[0]], ...exercise.parts.mutant.map((block, i) => [`mutant-${i + 1}`, block]),
];

async function runVariant(compiler, folder, name, block, file, tests, limit) {
  const code = `${HEAD}#line ${block.position.start.line + 1} "${file}"\n${block.value}\n${tests.c}`;
  const made = await compile(compiler, path.join(folder, compiler.name), { [`${name}.c`]: code },
    { out: name, extra: ['-Wno-unused-variable', ...(name === 'solution' ? [] : ['-Wno-unused-parameter', '-Wno-unused-but-set-variable'])] });
  if (!made.ok) return { name, messages: made.messages };
  const script = 'TIMEFORMAT=%3U; time "$0" "$@"';
  const run = await exec('bash', ['-c', script, made.program, '--limit', '5']);
  const used = Math.round(1000 * Number(/([\d.]+)\s*$/.exec(run.stderr)?.[1] ?? 0));
  let fails = failing(run.stdout);
  if (run.status !== 0 && run.status !== 1) { // a crash or an endless loop: which tests does it spoil?
    const each = await pool(tests.tests.map((t) => () => exec(made.program, ['--limit', '2', t.name], { timeout: 10000 })), 2);
    fails = tests.tests.filter((t, i) => each[i].status !== 0).map((t) => t.name);
  }
  return { name, fails, late: used > limit ? used : 0, says: run.stdout };
}

const failing = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line)).filter((r) => r.key === 'passed' && r.value === false).map((r) => r.cell);

const sameSet = (a, b) => a.length === b.length && a.every((x) => b.includes(x));

// Judges one exercise; {tests, mutants: [{fails, hint}]} is what a checker needs to choose a hint.
export async function checkExercise(lesson, exercise, folder, library) {
  const { problems } = lesson;
  if (['starter', 'solution', 'tests'].some((role) => exercise.parts[role].length !== 1)) return undefined;
  const file = relative(lesson.file);
  const tests = testsC(file, exercise.parts.tests[0]);
  if (!tests.tests.length) {
    problems.error(exercise.parts.tests[0], 'tests that expect nothing', { expected: 'EXPECT(…), EXPECT_NEAR(got, want, relative), EXPECT_INT or EXPECT_TEXT' });
    return undefined;
  }
  const limit = milliseconds(exercise.attrs.limit);
  const all = variants(exercise);
  const names = compilers();
  const hash = hashOf(library, limit, tests.c, ...all.map(([name, block]) => `${name}:${block.position.start.line}:${block.value}`), ...names.map((c) => c.name));
  const runs = await once(path.join(folder, `${exercise.id}.json`), hash, () => pool(
    names.flatMap((compiler) => all.map(([name, block]) => async () => ({ compiler: compiler.name, ...await runVariant(compiler, path.join(folder, exercise.id), name, block, file, tests, limit) }))),
  ));
  const blocks = new Map(all);
  for (const run of runs) judge(problems, exercise, blocks.get(run.name), run, tests, limit);
  const mine = runs.filter((run) => run.compiler === names[0].name && run.fails);
  return { id: exercise.id, entry: exercise.attrs.entry, tests: tests.tests, mutants: distinct(problems, exercise, mine, blocks) };
}

function judge(problems, exercise, block, run, tests, limit) {
  const role = run.name.replace(/-\d+$/, '');
  if (run.messages) return tell(problems, run.messages, block, run.compiler);
  if (role === 'solution') {
    for (const test of tests.tests.filter((t) => run.fails.includes(t.name))) {
      const why = run.says.split('\n').filter(Boolean).map((l) => JSON.parse(l)).find((r) => r.cell === test.name && r.type === 'error')?.value?.message ?? 'it crashes or never ends';
      problems.error({ line: test.line, column: 1 }, `the solution of "${exercise.id}" does not pass: ${why} (${run.compiler})`);
    }
    if (run.late) problems.error(block, `the solution of "${exercise.id}" takes ${run.late} ms`, { expected: `at most ${limit} ms (limit=)` });
  } else if (!run.fails.length) {
    problems.error(block, `the ${role} of "${exercise.id}" passes every test`, { expected: role === 'starter' ? 'a starter that is not yet right' : 'a test that finds this mistake' });
  }
}

function distinct(problems, exercise, runs, blocks) {
  const mutants = runs.filter((run) => run.name.startsWith('mutant')).map((run) => ({ name: run.name, fails: run.fails, hint: blocks.get(run.name).attrs?.hint ?? '' }));
  mutants.forEach((m, i) => {
    const twin = mutants.slice(0, i).find((other) => m.fails.length && sameSet(other.fails, m.fails));
    if (twin) problems.error(blocks.get(m.name), `this mutant fails the same tests as ${twin.name} (${m.fails.join(', ')}): its hint could not be told from that one's`, { expected: 'a test that one passes and the other fails' });
  });
  return mutants.map(({ fails, hint }) => ({ fails, hint }));
}
