// A kind of widget for remote.test.mjs: works for long, in slices.
export default {
  kind: 'count',
  async compute(ken, state, attrs, env) {
    if (state.n < 0) ken.dataset('nowhere');
    const list = [];
    for (let i = 0; i < state.n; i++) {
      const table = ken.dataset('iris');
      list.push(i % table.rows);
      table.free();
      await env.slice();
      if (env.cancelled()) return null;
      env.progress(i, state.n);
    }
    const own = env.data ? Array.from(env.data.table.values(env.data.pick.x)) : null;
    return { n: state.n, own, list: Float64Array.from(list), left: ken.made.filter((m) => m.handle).length };
  },
};
