import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { closing, definedNames, findSymbol, maskC, rewriteRun, statements } from '../csource.mjs';
import { checkNames } from '../cells.mjs';
import { ROOT } from '../paths.mjs';

test('masking keeps length and lines, and hides strings, characters and comments', () => {
  const text = 'a("}\\"{", \'{\'); /* { \n */ b // {\\\n still {\nc';
  const masked = maskC(text);
  assert.equal(masked.length, text.length);
  assert.equal(masked.split('\n').length, text.split('\n').length);
  assert.doesNotMatch(masked, /[{}]/);
  assert.match(masked, /b\s+\n\s+\nc$/);
});

test('a bracket and its partner', () => {
  const text = 'x { "}" { } /* } */ } y';
  assert.equal(closing(maskC(text), 2), text.lastIndexOf('}'));
  assert.equal(closing('{ {', 0), -1);
});

test('RUN becomes a function; everything else stays', () => {
  const { code, has } = rewriteRun('static int x = 1; /* RUN { */\nRUN\n{\n  KEN_PRINT("} %d", x); if (x) { x++; }\n}\nint y;', 'ken_cell_a');
  assert.equal(has, true);
  assert.equal(code, 'static int x = 1; /* RUN { */\nstatic ken_status ken_cell_a(ken_ctx *ctx, ken_show *show)\n{ (void)ctx; (void)show; \n  KEN_PRINT("} %d", x); if (x) { x++; }\n return KEN_OK; }\nint y;');
  assert.deepEqual(rewriteRun('int RUNNER; struct s { int RUN; };', 'f'), { code: 'int RUNNER; struct s { int RUN; };', has: false });
});

test('RUN that is wrong names its line', () => {
  assert.equal(rewriteRun('int x;\nRUN { ', 'f').error.line, 2);
  assert.equal(rewriteRun('RUN { }\n\nRUN { }', 'f').error.line, 3);
  assert.match(rewriteRun('RUN x;', 'f').error.text, /without a block/);
  assert.match(rewriteRun('int f(void) { return 1; } }', 'f').error.text, /closes nothing/);
});

test('statements at the top level', () => {
  assert.deepEqual(statements('int a[] = {1, 2};\n// EXPECT(no);\nfor (int i = 0; i < 2; i++) {\n  EXPECT(a[i]);\n}\nEXPECT(f(";")); EXPECT(b);').map((s) => [s.line, s.text.split('\n').at(-1)]),
    [[1, 'int a[] = {1, 2};'], [3, '}'], [6, 'EXPECT(f(";"));'], [6, 'EXPECT(b);']]);
  assert.equal(statements('do { x(); } while (y);\nif (a) { b(); } else { c(); }').length, 2);
});

const source = `#include "a.h"
#define LIMIT(x) \\
    ((x) + 1)

/* A pair
 * of numbers. */
typedef struct pair {
    int a, b;
} pair;

static int helper(int x); /* declared first */
enum { ONE = 1, TWO };

// Adds.
// Twice.
static int helper(int x) {
    const char *s = "}"; /* } */
    return x + s[0];
}

static const row rows[] = {
    ROW(a, alpha, .min = 0),
    KEN_ROW_F64(pair, beta, .max = f(1),
                .doc = "the )"),
    {0}};

const desc the_desc = {
    .name = "x",
};
`;

test('symbols are found with their comments', () => {
  const lines = (name) => { const f = findSymbol(source, name); return f && [f.start, f.end]; };
  assert.deepEqual(lines('LIMIT'), [2, 3]);
  assert.deepEqual(lines('pair'), [5, 9]);
  assert.deepEqual(lines('helper'), [14, 19]);
  assert.deepEqual(lines('rows'), [21, 25]);
  assert.deepEqual(lines('rows.beta'), [23, 24]);
  assert.deepEqual(lines('the_desc'), [27, 29]);
  assert.equal(lines('nothing'), undefined);
  assert.ok(definedNames(source).has('helper') && definedNames(source).has('LIMIT'));
});

test('symbols of the library itself', () => {
  const ridge = readFileSync(path.join(ROOT, 'ken/linear/ridge/ridge.c'), 'utf8');
  const found = findSymbol(ridge, 'ridge_factor');
  assert.match(found.lines.join('\n'), /static ken_status ridge_factor\([\s\S]*\n}$/);
  assert.match(findSymbol(ridge, 'ridge_params.alpha').lines.join('\n'), /KEN_ROW_F64\(ken_ridge_params, alpha/);
  assert.match(findSymbol(readFileSync(path.join(ROOT, 'ken/core/desc.h'), 'utf8'), 'ken_desc').lines.at(-1), /^} ken_desc;/);
});

test('names of checks', () => {
  assert.deepEqual(checkNames('/* KEN_CHECK(no) { */\nKEN_CHECK(a_1) { }\n  KEN_CHECK( b ) {\n}'), [{ name: 'a_1', line: 2 }, { name: 'b', line: 3 }]);
});
